#!/bin/sh
# The long show of deliveries: 2,000 tickets to three platforms with 20 % errors, 5 % never answered after storing, callbacks twice and out of
# order, 50 × kill -9 of the service, 20 restarts of a platform. FLEET_TICKETS, FLEET_KILLS, FLEET_RESTARTS and SEED by environment.
set -eu
cd "$(dirname "$0")/.."
FLEET_TICKETS="${FLEET_TICKETS:-2000}" FLEET_KILLS="${FLEET_KILLS:-50}" FLEET_RESTARTS="${FLEET_RESTARTS:-20}" \
    "${CARGO:-cargo}" test --release --locked --test it -- --exact --nocapture \
    kill::fleet::every_ticket_is_once_at_each_of_three_platforms_and_the_states_agree
