#!/bin/sh
# The long show: kill -9 of the service at 30 random moments while 200 tickets are confirmed. KILLS, TICKETS and SEED by environment.
set -eu
cd "$(dirname "$0")/.."
KILLS="${KILLS:-30}" TICKETS="${TICKETS:-200}" \
    "${CARGO:-cargo}" test --release --locked --test it -- --exact --nocapture \
    kill::killed_at_random_moments_every_confirmed_ticket_is_at_the_platform_once
