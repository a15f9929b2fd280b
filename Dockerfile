# The server as an image: one binary, no root, data in a volume.
#
#   docker build -t atelier .
#   docker run -p 8080:8080 -v atelier-data:/var/lib/atelier atelier
#
# All base images are arguments, for registries that mirror or replace them.
ARG STUDIO_BASE=node:20-bookworm-slim
ARG BUILD_BASE=rust:1.95-bookworm
ARG RUN_BASE=debian:bookworm-slim

FROM ${STUDIO_BASE} AS studio
WORKDIR /src
COPY client-protocol .
RUN npm ci --no-audit --no-fund && npm run build --workspace studio

FROM ${BUILD_BASE} AS build
WORKDIR /src
COPY . .
COPY --from=studio /src/studio/dist client-protocol/studio/dist
RUN cargo build --locked --release --bin atelier

FROM ${RUN_BASE}
RUN groupadd --system --gid 10001 atelier \
 && useradd --system --uid 10001 --gid atelier --no-create-home --home-dir /var/lib/atelier atelier \
 && install -d -o atelier -g atelier -m 700 /var/lib/atelier
COPY --from=build /src/target/release/atelier /usr/local/bin/atelier
# Whom the server trusts when it asks others over https.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# The licence of the font that is built in.
COPY --from=build /src/fonts/OFL.txt /usr/local/share/doc/atelier/OFL.txt
USER 10001:10001
ENV ATELIER_SERVER__LISTEN=0.0.0.0:8080 \
    ATELIER_STORE__DATA=/var/lib/atelier \
    ATELIER_LOG__FORMAT=json
VOLUME /var/lib/atelier
EXPOSE 8080
# It drains: connections are moved and everything is stored before it ends.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["/usr/local/bin/atelier"]
CMD ["serve"]
