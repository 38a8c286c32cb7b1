# gridworker: one image for the service and for the bundled reference platform (`gridworker sandbox`).
# Needs BuildKit (the default since Docker 23). Behind a mirror, give other names: --build-arg RUST_IMAGE=…
ARG NODE_IMAGE=node:20-bookworm-slim
ARG RUST_IMAGE=rust:1.95.0-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

# ---- the web part -------------------------------------------------------------------------------------------------
FROM ${NODE_IMAGE} AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN --mount=type=cache,target=/npm-cache npm ci --no-audit --no-fund --cache /npm-cache
COPY web/ ./
RUN npm run build

# ---- the binary, with the web part, the knowledge and the prompts embedded -------------------------------------------
FROM ${RUST_IMAGE} AS build
WORKDIR /src
ENV CARGO_INCREMENTAL=0
COPY . .
COPY --from=web /src/web/dist web/dist
# The target folder is kept between builds, so that the vector engine compiles once. Cargo compares times, and files from
# an older checkout would look unchanged to it: our own crate is always built anew.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    touch src/lib.rs src/main.rs \
    && cargo build --release --locked --bin gridworker \
    && install -D -m 0755 target/release/gridworker /out/gridworker

# ---- what runs ------------------------------------------------------------------------------------------------------
FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="gridworker" \
      org.opencontainers.image.description="虚拟数字网格员：政策问答与事件上报" \
      org.opencontainers.image.licenses="Apache-2.0"

# Certificates for https:// models and platforms. /data is the only folder that is written; it holds residents' data.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 gridworker \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin gridworker \
    && install -d -m 0700 -o 10001 -g 10001 /data

WORKDIR /app
COPY --from=build /out/gridworker /usr/local/bin/gridworker
COPY deploy/healthcheck.sh /usr/local/bin/healthcheck
# The same files as in the binary, here so that a street can mount its own over them.
COPY knowledge/ knowledge/
COPY prompts/ prompts/

# The two paths are named so that a wrong mount is an error at the start and not a silent return to the samples.
ENV GRIDWORKER__SERVER__LISTEN=0.0.0.0:8080 \
    GRIDWORKER__STORAGE__DATA_DIR=/data \
    GRIDWORKER__PATHS__KNOWLEDGE=/app/knowledge \
    GRIDWORKER__PATHS__PROMPTS=/app/prompts

USER 10001:10001
# The binary finds its libraries in this image and its own defaults are right.
RUN gridworker config check
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 CMD ["/usr/local/bin/healthcheck", "8080", "/health/ready"]
# Exec form: SIGTERM reaches the service itself, which ends within 10 s.
ENTRYPOINT ["/usr/local/bin/gridworker"]
CMD ["serve"]
