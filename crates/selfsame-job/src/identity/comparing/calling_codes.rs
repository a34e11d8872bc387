//! What a country's telephone numbers begin with when they are dialled from abroad.

use selfsame_wire::id_info::Country;

/// All of Africa, and the countries beside it whose operators or registers speak a protocol that this project knows. Where a country is
/// missing, its numbers are compared by their last nine digits.
const CODES: &[(&str, &str)] = &[
    ("AE", "971"),
    ("AO", "244"),
    ("BD", "880"),
    ("BE", "32"),
    ("BF", "226"),
    ("BI", "257"),
    ("BJ", "229"),
    ("BR", "55"),
    ("BW", "267"),
    ("CA", "1"),
    ("CD", "243"),
    ("CF", "236"),
    ("CG", "242"),
    ("CH", "41"),
    ("CI", "225"),
    ("CM", "237"),
    ("CV", "238"),
    ("DE", "49"),
    ("DJ", "253"),
    ("DZ", "213"),
    ("EG", "20"),
    ("ER", "291"),
    ("ES", "34"),
    ("ET", "251"),
    ("FR", "33"),
    ("GA", "241"),
    ("GB", "44"),
    ("GH", "233"),
    ("GM", "220"),
    ("GN", "224"),
    ("GQ", "240"),
    ("GW", "245"),
    ("ID", "62"),
    ("IN", "91"),
    ("IT", "39"),
    ("KE", "254"),
    ("KM", "269"),
    ("LK", "94"),
    ("LR", "231"),
    ("LS", "266"),
    ("LY", "218"),
    ("MA", "212"),
    ("MG", "261"),
    ("ML", "223"),
    ("MR", "222"),
    ("MU", "230"),
    ("MW", "265"),
    ("MX", "52"),
    ("MZ", "258"),
    ("NA", "264"),
    ("NE", "227"),
    ("NG", "234"),
    ("NL", "31"),
    ("PH", "63"),
    ("PK", "92"),
    ("PL", "48"),
    ("PT", "351"),
    ("RW", "250"),
    ("SA", "966"),
    ("SC", "248"),
    ("SD", "249"),
    ("SL", "232"),
    ("SN", "221"),
    ("SO", "252"),
    ("SS", "211"),
    ("ST", "239"),
    ("SZ", "268"),
    ("TD", "235"),
    ("TG", "228"),
    ("TN", "216"),
    ("TZ", "255"),
    ("UG", "256"),
    ("US", "1"),
    ("ZA", "27"),
    ("ZM", "260"),
    ("ZW", "263"),
];

pub(super) fn calling_code(country: Country) -> Option<&'static str> {
    let at = CODES.binary_search_by_key(&country.as_str(), |(country, _)| country);
    at.ok().map(|at| CODES[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_is_found() {
        for (country, code) in CODES {
            assert_eq!(calling_code(Country::new(country).unwrap()), Some(*code));
        }
        assert_eq!(calling_code(Country::new("XX").unwrap()), None);
    }
}
