#!/usr/bin/env bash
# The end-to-end tests that touch the store, and the public clients for Python and Node, once more: with PostgreSQL for records and
# S3 for packages. Starts both by scripts/services.sh, and says so where they cannot be had.
#
#     scripts/test_on_postgres.sh [all]        "all" runs every end-to-end test, and takes as long as the first run does
#
# SELFSAME_TEST_CARGO holds further words for nextest, such as "--cargo-profile ci".
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${SELFSAME_TEST_ON:-}" != postgres ]; then
    SELFSAME_TEST_ON=postgres exec bash scripts/services.sh bash scripts/test_on_postgres.sh "$@"
fi
if [ -z "${SELFSAME_TEST_POSTGRES:-}" ] || [ -z "${SELFSAME_TEST_S3:-}" ]; then
    echo "left out: the end-to-end tests and the public clients on PostgreSQL and S3, because neither is there"
    exit 0
fi

# Files of which every test runs: who enrols, is refused, decides, is locked out, is erased, is killed, asks twice.
whole=(review records durability fairness)
# Of the others those that the back end may break. What is left out meets the store in no other way.
some=(
    a_challenge_serves_one_job_of_its_user_in_its_time
    of_two_v2_calls_at_once_one_has_the_challenge
    a_story_by_command_line
    options_are_taken_before_and_after_the_command
    another_embedder_is_installed_while_everybody_is_served
    two_approvals_of_one_face_at_once_enrol_it_once
    a_command_approves_by_the_policy_of_the_latest_start
    a_burst_is_no_more_tries
    replacements_and_replays_count
    the_same_package_again_is_answered_again
    the_same_v2_request_gets_the_first_answer
    the_very_file_does_not_pass_again_under_the_same_name
    of_two_enrolments_at_once_the_second_is_compared_with_the_first
    what_a_node_without_workers_takes_in_a_node_with_workers_ends
    a_face_is_enrolled_under_one_name_where_the_policy_says_so
    a_server_that_is_stopped_finishes_or_hands_back
)

if cargo nextest --version >/dev/null 2>&1; then
    if [ "${1:-}" = all ]; then
        filter='package(selfsame) & kind(test)'
    else
        filter="package(selfsame) & kind(test) & ($(printf 'test(/^%s::/) | ' "${whole[@]}")$(printf 'test(/(^|::)%s$/) | ' "${some[@]}")none())"
    fi
    # shellcheck disable=SC2086 # several words
    cargo nextest run ${SELFSAME_TEST_CARGO:-} --locked --workspace --tests --no-fail-fast -E "$filter"
elif [ "${1:-}" = all ]; then
    cargo test --locked --workspace --test suite
else
    # In every crate's suite, for the build is the workspace's.
    cargo test --locked --workspace --test suite -- "${whole[@]/%/::}" "${some[@]}"
fi

bash clients/compatibility/run.sh

# A sample of `make chaos`: three nodes are killed while the database, the bucket and their ways fail. The last, for the PostgreSQL
# that it started again it also stops.
echo "== nodes killed and cut off under load"
python3 bench/cluster/chaos.py --binary "${SELFSAME_BIN:-target/debug/selfsame}" --overlap --seed 14 \
    --kills 10 --databases 1 --buckets 1 --cuts 1 --long-cut 5 --between 0.5
