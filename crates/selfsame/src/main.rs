//! The command line.

mod command;
mod logging;
mod output;
mod traces;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

const EXIT_CODES: &str = "Exit codes: 0 done, and the person passed; 1 the person did not pass, or what was checked is not right; \
                          2 the command could not be carried out.";

const FIRST_STEPS: &str = "First steps:
  selfsame models fetch                       fetch and verify the models
  selfsame demo                               see it work
  selfsame partner add --id 2343              make a partner and its API keys
  selfsame serve                              serve the API
  selfsame enrol --partner 2343 --user ada --selfie ada.jpg

Exit codes: 0 done, and the person passed; 1 the person did not pass, or what was checked is not right; 2 the command
could not be carried out.";

/// Selfie authentication that you host yourself, behind the SmartSelfie wire API.
#[derive(Parser)]
#[command(name = "selfsame", version, max_term_width = 100, after_help = FIRST_STEPS)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print JSON rather than text, one value a line; errors too, as {"error": …}.
    #[arg(long, global = true)]
    json: bool,
    /// Where models and photographs are kept [default: ~/.cache/selfsame].
    #[arg(long, global = true, env = "SELFSAME_HOME", value_name = "DIR")]
    home: Option<std::path::PathBuf>,
    /// Where to keep models as OpenVINO compiled them, for the next start: `beside` the models, if nobody but this user can write
    /// there; in a folder, and then whoever can write into it decides what the models say; or `off`.
    #[arg(
        long,
        global = true,
        env = "SELFSAME_COMPILED_MODELS",
        default_value = "beside",
        value_name = "DIR"
    )]
    compiled_models: selfsame_face::models::CompiledModels,
}

// A command without a text here has it at its arguments.
#[derive(Subcommand)]
enum Command {
    Serve(Box<command::serve::Serve>),
    #[command(after_help = EXIT_CODES)]
    Demo(command::demo::Demo),
    #[command(after_help = EXIT_CODES)]
    Compare(command::compare::Compare),
    /// Register a person with a selfie at a server (job type 4, or 1 with an ID number), and wait for the result.
    #[command(after_help = EXIT_CODES)]
    Enrol(Box<command::submit::Enrol>),
    /// Authenticate a person with a selfie at a server (job type 2), and wait for the result.
    #[command(after_help = EXIT_CODES)]
    Authenticate(command::submit::Submit),
    #[command(
        after_help = "Exit codes: 0 found, or the same in every field or some; 1 not so: the code says why; 2 the command could not be \
                      carried out."
    )]
    Lookup(Box<command::lookup::Lookup>),
    Challenge(command::submit::DrawChallenge),
    Job(command::job::JobCommand),
    Partner(command::partner::PartnerCommand),
    /// Show and check policies.
    Policy(command::policy::PolicyCommand),
    /// List provisional jobs, show one with its evidence, decide it.
    Review(command::review::ReviewCommand),
    /// Verify and list the record of what operators did.
    Audit(command::audit::AuditCommand),
    /// Make and withdraw tokens for the operator API.
    Admin(command::admin::AdminCommand),
    User(command::user::UserCommand),
    Receipt(command::receipt::ReceiptCommand),
    #[command(after_help = EXIT_CODES)]
    Register(command::register::RegisterCommand),
    Templates(command::templates::TemplatesCommand),
    /// List the keys that encrypt the data directory, rotate them and the key of tokens, encrypt older data anew.
    Keys(command::keys::KeysCommand),
    Migrate(command::migrate::Migrate),
    #[command(
        after_help = "Exit codes: 0 ready; 1 it answers and is not ready; 2 it does not answer."
    )]
    Ready(command::ready::Ready),
    #[command(after_help = EXIT_CODES)]
    Models(command::models::Models),
    /// Measure how good it is: error rates, attacks, robustness; make attacks to try it with.
    #[cfg(feature = "evaluation")]
    Eval(Box<command::eval::Eval>),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    selfsame_face::inference::share_heaps();
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
    let models = selfsame_face::models::ModelStore::locate(cli.home.as_deref())
        .keeping_compiled(cli.compiled_models);
    let json = cli.json;
    let serves = matches!(cli.command, Command::Serve(_));
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Serve(serve) => serve.run(&models).await,
            Command::Demo(demo) => demo.run(&models, json).await,
            Command::Compare(compare) => compare.run(&models, json),
            Command::Enrol(enrol) => enrol.run(json).await,
            Command::Authenticate(submit) => submit.run(json).await,
            Command::Lookup(lookup) => lookup.run(json).await,
            Command::Challenge(draw) => draw.run(json).await,
            Command::Job(job) => job.run(json).await,
            Command::Partner(partner) => partner.run(json).await,
            Command::Policy(policy) => policy.run(json),
            Command::Review(review) => review.run(json).await,
            Command::Audit(audit) => audit.run(json).await,
            Command::Admin(admin) => admin.run(json).await,
            Command::User(user) => user.run(json).await,
            Command::Receipt(receipt) => receipt.run(json).await,
            Command::Register(register) => register.run(json).await,
            Command::Templates(templates) => templates.run(&models, json).await,
            Command::Keys(keys) => keys.run(json).await,
            Command::Migrate(migrate) => migrate.run(json).await,
            Command::Ready(ready) => ready.run(json).await,
            Command::Models(command) => command.run(&models, json),
            #[cfg(feature = "evaluation")]
            Command::Eval(eval) => eval.run(&models, json),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "selfsame", &mut script);
                output::text(&String::from_utf8_lossy(&script));
                Ok(ExitCode::SUCCESS)
            }
        }
    });
    let code = outcome.unwrap_or_else(|error| output::failed(json, &*error));
    // A server serves on where nobody reads its first line.
    if serves { code } else { output::written(code) }
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

    /// An option of a command that has commands of its own may stand before and after them.
    fn free_in_order(command: &clap::Command, path: &str) {
        for sub in command.get_subcommands() {
            free_in_order(sub, &format!("{path} {}", sub.get_name()));
        }
        let own = |argument: &&clap::Arg| {
            !matches!(argument.get_id().as_str(), "help" | "version") && !argument.is_positional()
        };
        for argument in command.get_arguments().filter(own) {
            assert!(
                argument.is_global_set() || !command.has_subcommands(),
                "{path} --{} is taken before a command only",
                argument.get_id()
            );
        }
    }

    #[test]
    fn options_may_stand_before_and_after_the_commands_that_they_are_for() {
        let mut command = Cli::command();
        command.build();
        free_in_order(&command, "selfsame");
    }

    #[test]
    fn every_command_and_argument_is_explained() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        explained(&command, "selfsame");
        for name in ["compare", "enrol", "authenticate", "demo", "models"] {
            let sub = command.find_subcommand_mut(name).unwrap();
            let help = sub.render_long_help().to_string();
            assert!(help.contains("Exit codes: 0"), "{name}: {help}");
        }
    }
}
