# syntax=docker/dockerfile:1
# The image has the files of the Debian package: Mailbell, a Java with the modules that it needs, and the AOT cache.
FROM maven:3-eclipse-temurin-25 AS build
WORKDIR /build
# The time of the files; the commit's, for an image that can be made again: --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
ARG SOURCE_DATE_EPOCH
COPY pom.xml LICENSE NOTICE ./
COPY src/main src/main
COPY db db
COPY config config
COPY packaging packaging
COPY bin bin
RUN --mount=type=cache,target=/root/.m2 \
    bin/package --tree && rm -r target/package/tree/usr/lib

FROM debian:13-slim
# Any other uid works too, also without an entry in /etc/passwd, as long as it may write into the volume: group 0 may.
RUN useradd --system --uid 2177 --gid 0 --no-create-home --home-dir /var/lib/mailbell --shell /usr/sbin/nologin mailbell \
    && install -d -o 2177 -g 0 -m 0770 /var/lib/mailbell
COPY --from=build /build/target/package/tree/ /
# Outside the container is another host: the API listens on all addresses of its own.
ENV MAILBELL_HTTP_HOST=0.0.0.0
USER 2177:0
VOLUME /var/lib/mailbell
EXPOSE 2177
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/2177 && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q ' 200 ' <&3"]
ENTRYPOINT ["/opt/mailbell/bin/mailbell"]
CMD ["serve"]
