//! Where callbacks may go: what `serve` is told, and commands that check a URL as that server will.

use selfsame_server::callback::target::{Reach, Schemes, TargetRules};

/// The rules of a server's callbacks.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct CallbackRules {
    /// Let callbacks reach loopback and private addresses.
    #[arg(long)]
    allow_private_callbacks: bool,
    /// Let callbacks of production go by plain http, unencrypted; the sandbox's always may.
    #[arg(long)]
    allow_http_callbacks: bool,
}

impl CallbackRules {
    pub(crate) fn rules(self) -> TargetRules {
        let mut rules = TargetRules::default();
        if self.allow_private_callbacks {
            rules.reach = Reach::PrivateToo;
        }
        if self.allow_http_callbacks {
            rules.schemes = Schemes::HttpToo;
        }
        rules
    }
}
