//! A result for people: its code, what came of its actions, and who the authority says that the person is.

use selfsame_client::JobResult;

use crate::output;

/// Prints a result.
pub(crate) fn show(result: &JobResult) {
    for line in lines(result) {
        output::line(&line);
    }
}

fn lines(result: &JobResult) -> Vec<String> {
    let code = result.result_code().unwrap_or_default();
    let mut lines = vec![format!(
        "{code} {}",
        result.result_text().unwrap_or_default()
    )];
    let photo = result.photo().map(|bytes| format!("{} bytes", bytes.len()));
    let earlier = result
        .user_ids_of_previous_registrants()
        .map(|users| users.join(", "));
    let fields = [
        ("name", result.full_name()),
        ("born", result.dob()),
        ("gender", result.gender()),
        ("telephone", result.phone_number()),
        ("address", result.address()),
        ("valid until", result.expiration_date()),
        ("photo", photo.as_deref()),
        ("registered as", earlier.as_deref()),
        ("receipt", result.kyc_receipt()),
    ];
    for (name, value) in fields {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            lines.push(format!("{name:16}{}", printable(value)));
        }
    }
    lines
}

/// Prints what basic KYC compared, field by field.
pub(crate) fn show_matches(result: &JobResult) {
    show(result);
    let actions = result.to_json()["Actions"].as_object();
    for (name, value) in actions.into_iter().flatten() {
        if let Some(value) = value.as_str() {
            output::line(&format!("{:16}{}", printable(name), printable(value)));
        }
    }
}

/// What an authority wrote is shown on a terminal: nothing of it may steer that.
fn printable(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_an_authority_wrote_steers_the_terminal() {
        assert_eq!(printable("Joe\u{1b}[31m\nLeo\u{9b}2J"), "Joe [31m Leo 2J");
    }
}
