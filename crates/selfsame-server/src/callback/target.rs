//! Where callbacks may go: partners name the URL, so the server must not become their way into its own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use selfsame_job::callback_url::{CallbackUrl, NotACallbackUrl};
use selfsame_wire::id::Environment;
use tokio::sync::Semaphore;
use url::{Host, Url};

/// Which addresses callbacks may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Addresses of the public internet only.
    #[default]
    Public,
    /// Loopback and private ranges as well, because the operator says so. Link-local addresses, where clouds keep their
    /// metadata services, stay closed.
    PrivateToo,
}

/// By which schemes callbacks may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schemes {
    /// `https`; the sandbox may use `http` as well.
    #[default]
    HttpsInProduction,
    /// `http` in production, too, because the operator says so.
    HttpToo,
}

/// Where callbacks may go, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TargetRules {
    /// Which addresses.
    pub reach: Reach,
    /// By which schemes.
    pub schemes: Schemes,
}

impl TargetRules {
    /// Checks a callback URL of an environment: when it is named and again before each try, because rules change meanwhile.
    ///
    /// # Errors
    /// [`TargetError`] says what is wrong.
    pub fn check(&self, text: &str, environment: Environment) -> Result<Target, TargetError> {
        self.check_url(&CallbackUrl::new(text)?, environment)
    }

    /// The same of a URL that has been read.
    ///
    /// # Errors
    /// [`TargetError`] says what is wrong.
    pub fn check_url(
        &self,
        url: &CallbackUrl,
        environment: Environment,
    ) -> Result<Target, TargetError> {
        let target = Target::new(url, self.reach)?;
        let plain = target.url().scheme() == "http";
        if plain
            && environment == Environment::Production
            && self.schemes == Schemes::HttpsInProduction
        {
            return Err(TargetError::PlainHttp);
        }
        Ok(target)
    }
}

/// Why a callback URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is none.
    #[error(transparent)]
    NotACallbackUrl(#[from] NotACallbackUrl),
    /// Unencrypted, in production.
    #[error(
        "callback_url is plain http, by which results of production do not go: use https; the operator can allow it with \
         --allow-http-callbacks"
    )]
    PlainHttp,
    /// The host is, or resolves to, an address out of reach.
    #[error(
        "callback_url leads to {0}, an address that is not public; the operator can open private ranges with \
         --allow-private-callbacks"
    )]
    OutOfReach(IpAddr),
}

/// A URL that a callback may be sent to, as far as can be told before its name is resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(Url);

impl Target {
    /// Checks scheme, host and, where the host is an address, the address.
    ///
    /// # Errors
    /// [`TargetError`] says what is wrong.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, TargetError> {
        Self::new(&CallbackUrl::new(text)?, reach)
    }

    fn new(callback: &CallbackUrl, reach: Reach) -> Result<Self, TargetError> {
        let url = callback.url();
        let literal = match url.host() {
            None => return Err(NotACallbackUrl::NotAUrl.into()),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        };
        match literal {
            Some(ip) if !reach.allows(ip) => Err(TargetError::OutOfReach(ip)),
            _ => Ok(Self(url.clone())),
        }
    }

    /// The URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

impl Reach {
    /// Whether a connection to this address may be made.
    #[must_use]
    pub fn allows(self, ip: IpAddr) -> bool {
        match classify(ip) {
            Range::Public => true,
            Range::Private => self == Self::PrivateToo,
            Range::Never => false,
        }
    }
}

enum Range {
    Public,
    Private,
    Never,
}

/// After the IANA special-purpose address registries.
fn classify(ip: IpAddr) -> Range {
    match ip {
        IpAddr::V4(ip) => classify_v4(ip),
        IpAddr::V6(ip) => classify_v6(ip),
    }
}

fn classify_v4(ip: Ipv4Addr) -> Range {
    /// Alibaba Cloud's metadata service lives in the shared range.
    const ALIBABA_METADATA: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
    let [a, b, c, _] = ip.octets();
    if ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || ip == ALIBABA_METADATA
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
    {
        Range::Never
    } else if ip.is_loopback()
        || ip.is_private()
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (b == 18 || b == 19))
    {
        Range::Private
    } else {
        Range::Public
    }
}

fn classify_v6(ip: Ipv6Addr) -> Range {
    /// Amazon's metadata service over IPv6.
    const AMAZON_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    if let Some(embedded) = embedded_v4(ip) {
        return classify_v4(embedded);
    }
    let first = ip.segments()[0];
    if ip.is_unspecified() || ip.is_multicast() || first & 0xffc0 == 0xfe80 || ip == AMAZON_METADATA
    {
        Range::Never
    } else if ip.is_loopback() || first & 0xfe00 == 0xfc00 {
        Range::Private
    } else if first & 0xe000 == 0x2000 && !(first == 0x2001 && ip.segments()[1] == 0x0db8) {
        Range::Public
    } else {
        Range::Never
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 or 6to4.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = ip.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(join(high, low))
        }
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

/// Names being resolved at one time: each takes a thread, for as long as the system's resolver likes.
const LOOKUPS: usize = 128;
static LOOKING_UP: Semaphore = Semaphore::const_new(LOOKUPS);

/// Resolves names and drops every address that is out of reach: a name that points inside is refused at the very
/// connection, so that a second answer cannot differ from a checked first one.
#[derive(Debug, Clone, Copy)]
pub struct GuardedResolver(pub Reach);

impl GuardedResolver {
    /// The addresses of a name that may be reached.
    ///
    /// # Errors
    /// Where the name does not resolve, or only to addresses out of reach.
    pub async fn look_up(
        self,
        name: &str,
    ) -> Result<Vec<IpAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let permit = LOOKING_UP.acquire().await?;
        let name = name.to_owned();
        let found = tokio::task::spawn_blocking(move || {
            // Kept until the system has answered: a caller that gives up does not free the thread.
            let _permit = permit;
            std::net::ToSocketAddrs::to_socket_addrs(&(name.as_str(), 0))
                .map(|found| found.map(|a| a.ip()).collect::<Vec<_>>())
        })
        .await??;
        let first = found.first().copied();
        let allowed: Vec<IpAddr> = found.into_iter().filter(|ip| self.0.allows(*ip)).collect();
        match (allowed.is_empty(), first) {
            (true, Some(ip)) => Err(TargetError::OutOfReach(ip).into()),
            _ => Ok(allowed),
        }
    }

    /// The addresses that a target leads to.
    ///
    /// # Errors
    /// As [`GuardedResolver::look_up`].
    pub async fn addresses(
        self,
        target: &Target,
    ) -> Result<Vec<IpAddr>, Box<dyn std::error::Error + Send + Sync>> {
        match target.0.host() {
            Some(Host::Ipv4(ip)) => Ok(vec![ip.into()]),
            Some(Host::Ipv6(ip)) => Ok(vec![ip.into()]),
            Some(Host::Domain(name)) => self.look_up(name).await,
            None => Err(NotACallbackUrl::NotAUrl.into()),
        }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = *self;
        Box::pin(async move {
            let allowed = resolver.look_up(name.as_str()).await?;
            let addresses = allowed.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_inside_is_closed() {
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0.0.0.0/",
            "http://10.0.0.1/",
            "http://172.16.3.4/",
            "http://192.168.1.1:8080/cb",
            "http://100.64.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[fd00:ec2::254]/",
            "http://[fe80::1]/",
            "http://[fc00::1]/",
            "http://255.255.255.255/",
            "http://224.0.0.1/",
        ] {
            assert!(
                matches!(
                    Target::parse(url, Reach::Public),
                    Err(TargetError::OutOfReach(_))
                ),
                "{url} was let through"
            );
        }
    }

    #[test]
    fn the_operator_opens_private_ranges_but_never_metadata() {
        for url in [
            "http://127.0.0.1:9/",
            "http://10.1.2.3/",
            "http://[::1]/",
            "http://[fd12::1]/",
        ] {
            assert!(Target::parse(url, Reach::PrivateToo).is_ok(), "{url}");
        }
        for url in [
            "http://169.254.169.254/",
            "http://[fd00:ec2::254]/",
            "http://100.100.100.200/",
            "http://[::ffff:169.254.169.254]/",
            "http://0.0.0.0/",
        ] {
            assert!(Target::parse(url, Reach::PrivateToo).is_err(), "{url}");
        }
    }

    #[test]
    fn only_plain_http_urls_are_targets() {
        for url in [
            "file:///etc/passwd",
            "ftp://example.com/",
            "gopher://example.com/",
            "callback",
            "http://",
            "",
        ] {
            assert_eq!(
                Target::parse(url, Reach::Public),
                Err(NotACallbackUrl::NotAUrl.into()),
                "{url}"
            );
        }
        assert_eq!(
            Target::parse("https://user:secret@example.com/", Reach::Public),
            Err(NotACallbackUrl::Credentials.into())
        );
        let long = format!("https://example.com/{}", "x".repeat(2048));
        assert_eq!(
            Target::parse(&long, Reach::Public),
            Err(NotACallbackUrl::TooLong.into())
        );
        for url in [
            "https://example.com/cb?x=1",
            "http://93.184.216.34:8080/",
            "https://[2606:4700::1]/",
        ] {
            assert!(Target::parse(url, Reach::Public).is_ok(), "{url}");
        }
    }

    #[test]
    fn production_is_https_unless_the_operator_says_otherwise() {
        let rules = TargetRules::default();
        let (plain, secure) = ("http://example.com/cb", "https://example.com/cb");
        let (production, sandbox) = (Environment::Production, Environment::Sandbox);
        assert_eq!(rules.check(plain, production), Err(TargetError::PlainHttp));
        assert_eq!(
            rules.check("HTTP://example.com/cb", production),
            Err(TargetError::PlainHttp)
        );
        assert!(rules.check(secure, production).is_ok());
        assert!(rules.check(plain, sandbox).is_ok());
        let open = TargetRules {
            schemes: Schemes::HttpToo,
            ..rules
        };
        assert!(open.check(plain, production).is_ok());
        assert!(open.check("http://127.0.0.1/", production).is_err());
    }

    #[tokio::test]
    async fn a_name_that_resolves_inside_is_refused_at_the_connection() {
        let resolve = |reach| GuardedResolver(reach).resolve("localhost".parse().unwrap());
        assert!(resolve(Reach::Public).await.is_err());
        assert!(resolve(Reach::PrivateToo).await.unwrap().next().is_some());
    }
}
