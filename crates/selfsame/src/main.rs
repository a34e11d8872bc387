//! The command line.

mod command;
mod output;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Selfie authentication that you host yourself, behind the SmartSelfie wire API.
///
/// Exit codes: 0 done (or: the person matches), 1 the person does not match or the job did not pass, 2 the command could
/// not be carried out.
#[derive(Parser)]
#[command(name = "selfsame", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print JSON rather than text.
    #[arg(long, global = true)]
    json: bool,
    /// Where models and photographs are kept [default: ~/.cache/selfsame].
    #[arg(long, global = true, env = "SELFSAME_HOME", value_name = "DIR")]
    home: Option<std::path::PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API.
    Serve(Box<command::serve::Serve>),
    /// Show it working: a person enrolled, authenticated, and an impostor refused.
    Demo(command::demo::Demo),
    /// Compare the faces in two photographs, without a server.
    Compare(command::compare::Compare),
    /// Register a person with a selfie (job type 4).
    Enrol(command::submit::Submit),
    /// Authenticate a person with a selfie (job type 2).
    Authenticate(command::submit::Submit),
    /// List jobs, show one, replay its callback.
    Job(command::job::JobCommand),
    /// Add and list partners, replace their keys, enable production.
    Partner(command::partner::PartnerCommand),
    /// Show and check policies.
    Policy(command::policy::PolicyCommand),
    /// List provisional jobs, show one with its evidence, decide it.
    Review(command::review::ReviewCommand),
    /// Verify and list the record of what operators did.
    Audit(command::audit::AuditCommand),
    /// Make and withdraw tokens for the operator API.
    Admin(command::admin::AdminCommand),
    /// List, disable, enable and delete users.
    User(command::user::UserCommand),
    /// List the keys that encrypt the data directory, rotate them, encrypt older data anew.
    Keys(command::keys::KeysCommand),
    /// Fetch, verify and list the models.
    Models(command::models::Models),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Both TLS stacks are in the tree; the process uses one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return output::failed(cli.json, &error),
    };
    let models = selfsame_face::models::ModelStore::locate(cli.home.as_deref());
    let json = cli.json;
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Serve(serve) => serve.run(&models).await,
            Command::Demo(demo) => demo.run(&models, json).await,
            Command::Compare(compare) => compare.run(&models, json),
            Command::Enrol(submit) => submit.run(4, json).await,
            Command::Authenticate(submit) => submit.run(2, json).await,
            Command::Job(job) => job.run(json).await,
            Command::Partner(partner) => partner.run(json).await,
            Command::Policy(policy) => policy.run(json),
            Command::Review(review) => review.run(json).await,
            Command::Audit(audit) => audit.run(json).await,
            Command::Admin(admin) => admin.run(json).await,
            Command::User(user) => user.run(json).await,
            Command::Keys(keys) => keys.run(json).await,
            Command::Models(command) => command.run(&models, json),
            Command::Completions { shell } => {
                clap_complete::generate(
                    shell,
                    &mut Cli::command(),
                    "selfsame",
                    &mut std::io::stdout(),
                );
                Ok(ExitCode::SUCCESS)
            }
        }
    });
    outcome.unwrap_or_else(|error| output::failed(json, &*error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command and argument says what it is for.
    fn explained(command: &clap::Command, path: &str) {
        assert!(command.get_about().is_some(), "{path} is not explained");
        for argument in command.get_arguments() {
            let id = argument.get_id();
            assert!(
                argument.get_help().is_some(),
                "{path} {id} is not explained"
            );
        }
        for sub in command.get_subcommands() {
            explained(sub, &format!("{path} {}", sub.get_name()));
        }
    }

    #[test]
    fn every_command_and_argument_is_explained() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        explained(&command, "selfsame");
    }
}
