# syntax=docker/dockerfile:1
FROM maven:3-eclipse-temurin-25 AS build
WORKDIR /build
COPY pom.xml ./
COPY src/main src/main
COPY db db
COPY config config
RUN --mount=type=cache,target=/root/.m2 \
    mvn -B -ntp -Dmaven.test.skip=true -Dspotless.check.skip=true package

FROM eclipse-temurin:25-jre
RUN useradd --system --home-dir /var/lib/mailbell --create-home --shell /usr/sbin/nologin mailbell
WORKDIR /opt/mailbell
COPY bin/mailbell bin/mailbell
COPY bin/lib bin/lib
COPY config/mailbell.yaml config/mailbell.yaml
COPY --from=build /build/target/lib lib/lib
COPY --from=build /build/target/mailbell-*.jar lib/
# Outside the container is another host: the API listens on all addresses of its own.
ENV MAILBELL_HTTP_HOST=0.0.0.0 \
    MAILBELL_DATA_DIR=/var/lib/mailbell
USER mailbell
VOLUME /var/lib/mailbell
EXPOSE 2177
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD bash -c 'exec 3<>/dev/tcp/127.0.0.1/2177 && printf "GET /readyz HTTP/1.0\r\n\r\n" >&3 && grep -q " 200 " <&3'
ENTRYPOINT ["/opt/mailbell/bin/mailbell"]
CMD ["serve"]
