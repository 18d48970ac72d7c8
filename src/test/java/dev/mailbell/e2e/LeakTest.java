package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A daemon with every kind of secret and with servers that repeat them: none is found afterwards in
 * the database, the log at its most talkative, the arguments of the processes, what the webhook
 * got, and the answers of the API.
 */
class LeakTest {
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String TRACE =
            """
            <configuration>
              <appender name="STDERR" class="ch.qos.logback.core.ConsoleAppender">
                <target>System.err</target>
                <encoder><pattern>%level %logger %msg%n%ex{full}</pattern></encoder>
              </appender>
              <logger name="dev.mailbell" level="TRACE"/>
              <root level="TRACE"><appender-ref ref="STDERR"/></root>
            </configuration>
            """;

    @TempDir private Path dataDir;

    private final Map<String, String> secrets = new LinkedHashMap<>();

    /** What may be read, by where it was found. */
    private final Map<String, String> found = new LinkedHashMap<>();

    private URI uri = URI.create("http://127.0.0.1");

    /** A new secret, with letters that encodings change. */
    private String secret(String name) {
        String value =
                "Wm%02d-%s!Kx&7/Qü+=Zt"
                        .formatted(secrets.size(), Integer.toHexString(name.hashCode()));
        secrets.put(name, value);
        return value;
    }

    /** The same in ASCII, of which those of OAuth 2.0 are. */
    private String ascii(String name) {
        secrets.put(name, secret(name).replace('ü', 'u'));
        return secrets.get(name);
    }

    /** Calls the API; the answer must show no secret. */
    private JsonNode call(String method, String path, Object body, String... headers) {
        HttpResponse<String> response = send(method, path, body, headers);
        found.put(
                "answer " + found.size() + " to " + method + " " + path,
                response.statusCode() + " " + response.headers().map() + "\n" + response.body());
        return response.headers().firstValue("content-type").orElse("").contains("json")
                ? JSON.readTree(response.body())
                : JSON.createObjectNode();
    }

    private HttpResponse<String> send(String method, String path, Object body, String... headers) {
        String text = body instanceof String plain ? plain : JSON.writeValueAsString(body);
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri.resolve(path))
                        .timeout(PATIENCE)
                        .header("Authorization", "Bearer " + secrets.get("operator's key"))
                        .method(
                                method,
                                text.isEmpty()
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(text));
        if (!text.isEmpty()) {
            request.header("Content-Type", "application/json");
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Calls that show a webhook's secret, this once. */
    private String webhookSecret(String method, String path, Object body) {
        JsonNode answer = JSON.readTree(send(method, path, body).body());
        secrets.put("webhook secret of " + path, answer.path("secret").stringValue());
        return answer.path("id").stringValue();
    }

    private static Map<String, Object> account(String user, Map<String, Object> mail) {
        Map<String, Object> all =
                new LinkedHashMap<>(
                        Map.of("host", "127.0.0.1", "security", "none", "username", user));
        all.putAll(mail);
        return Map.of("address", user + "@example.org", "mail", all);
    }

    @Test
    void no_secret_is_found_where_it_may_be_read() throws Exception {
        // Headers are ASCII.
        secrets.put("operator's key", "Operator-Key-9fT3!xW7&Lq2");
        Path log = Files.writeString(dataDir.resolve("trace.xml"), TRACE);
        try (EchoingServers servers = new EchoingServers();
                DaemonProcess daemon =
                        DaemonProcess.start(
                                dataDir.resolve("data"),
                                Map.of(
                                        "MAILBELL_ADMIN_KEY",
                                        secrets.get("operator's key"),
                                        "MAILBELL_NETWORK_ALLOW_PRIVATE",
                                        "127.0.0.0/8",
                                        "MAILBELL_NETWORK_ALLOW_CLEARTEXT",
                                        "127.0.0.1"),
                                log)) {
            uri = daemon.rest().uri();
            try {
                use(servers);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(end(daemon.log()), e);
            }
            lookAtFiles();
            lookAtTables();
            lookAtProcesses(daemon);
            servers.received().forEach(text -> found.put("delivery " + found.size(), text));
            found.put("log", daemon.log());
        }
        assertThat(found.get("log")).contains("DEBUG dev.mailbell");
        assertThat(leaks()).isEmpty();
    }

    private static String end(String log) {
        return log.substring(Math.max(0, log.length() - 8_000));
    }

    private void use(EchoingServers servers) {
        String hook =
                webhookSecret(
                        "POST",
                        "/v1/webhooks",
                        Map.of("url", servers.url("/hook"), "events", List.of("*")));
        webhookSecret("POST", "/v1/webhooks/" + hook + "/rotate", "");
        List<String> ids = new ArrayList<>();
        for (Map<String, Object> login : logins(servers)) {
            call("POST", "/v1/accounts/verify", login);
            String key = "once-" + ids.size();
            JsonNode created = call("POST", "/v1/accounts", login, "Idempotency-Key", key);
            assertThat(created.path("id").isString()).as("%s", created).isTrue();
            ids.add(created.path("id").stringValue());
            call("POST", "/v1/accounts", login, "Idempotency-Key", key);
        }
        for (String id : ids) {
            call("POST", "/v1/accounts/" + id + "/check", "");
            await().atMost(PATIENCE)
                    .untilAsserted(() ->
                            assertThat(send("GET", "/v1/accounts/" + id, "").body())
                                    .contains("\"code\""));
            call("GET", "/v1/accounts/" + id, "");
            call("GET", "/v1/accounts/" + id + "/mailboxes", "");
        }
        callWrongly(ids.getFirst());
        call(
                "PATCH",
                "/v1/accounts/" + ids.getFirst(),
                Map.of("mail", Map.of("password", secret("changed password"))));
        call("POST", "/v1/webhooks/" + hook + "/test", "");
        await().atMost(PATIENCE).until(() -> servers.received().size() > 2);
        for (String path :
                List.of(
                        "/v1/accounts",
                        "/v1/webhooks",
                        "/v1/webhooks/" + hook,
                        "/v1/webhooks/" + hook + "/deliveries",
                        "/v1/events",
                        "/metrics",
                        "/healthz",
                        "/readyz",
                        "/v1/config")) {
            call("GET", path, "");
        }
        call("POST", "/v1/config/reload", "");
    }

    private List<Map<String, Object>> logins(EchoingServers servers) {
        List<Map<String, Object>> logins = new ArrayList<>();
        for (String form : EchoingServers.FORMS) {
            logins.add(
                    account(
                            form,
                            Map.of(
                                    "port",
                                    servers.imapPort(),
                                    "password",
                                    secret("password, echoed " + form))));
        }
        logins.add(
                account(
                        "ann",
                        Map.of(
                                "protocol",
                                "pop3",
                                "port",
                                servers.pop3Port(),
                                "password",
                                secret("POP3 password"))));
        logins.add(
                account(
                        "bob",
                        Map.of(
                                "port",
                                servers.imapPort(),
                                "oauth2",
                                Map.of(
                                        "provider", "custom",
                                        "clientId", "me",
                                        "clientSecret", ascii("client secret"),
                                        "refreshToken", ascii("refresh token"),
                                        "tokenUrl", servers.url("/token")))));
        return logins;
    }

    private void callWrongly(String id) {
        String mistyped = secret("password in a request with faults");
        call("POST", "/v1/accounts", "{\"mail\": {\"password\": \"" + mistyped);
        call(
                "POST",
                "/v1/accounts",
                Map.of("mail", Map.of("password", List.of(mistyped)), "pasword", mistyped));
        call(
                "PATCH",
                "/v1/accounts/" + id,
                Map.of("mail", Map.of("port", mistyped, "oauth2", mistyped)));
        call("GET", "/v1/accounts?ref=" + URLEncoder.encode("x", StandardCharsets.UTF_8), "");
        call("GET", "/v1/events", "", "X-Wrong", "Bearer nothing");
    }

    private void lookAtFiles() throws IOException {
        Path data = dataDir.resolve("data");
        String keyset = Files.readString(data.resolve("keyset.json"));
        Matcher value = Pattern.compile("\"value\": ?\"([^\"]+)\"").matcher(keyset);
        assertThat(value.find()).isTrue();
        byte[] proto = Base64.getDecoder().decode(value.group(1));
        secrets.put("keyset", value.group(1));
        secrets.put(
                "key",
                HexFormat.of()
                        .formatHex(Arrays.copyOfRange(proto, proto.length - 32, proto.length)));
        secrets.put("database password", password());
        for (String name : List.of("keyset.json", "database.password")) {
            assertThat(
                            PosixFilePermissions.toString(
                                    Files.getPosixFilePermissions(data.resolve(name))))
                    .isEqualTo("rw-------");
        }
        found.put("server.log", Files.readString(data.resolve("database/server.log")));
    }

    private String password() throws IOException {
        return Files.readString(dataDir.resolve("data/database.password")).strip();
    }

    private void lookAtTables() throws IOException {
        String port = Files.readString(dataDir.resolve("data/database.port")).strip();
        Jdbi jdbi =
                Jdbi.create(
                        "jdbc:postgresql://127.0.0.1:" + port + "/mailbell",
                        "mailbell",
                        password());
        List<String> tables =
                jdbi.withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select oid::regclass::text from pg_class
                                        where relnamespace = 'public'::regnamespace and relkind = 'r'\
                                        """)
                                .mapTo(String.class)
                                .list());
        assertThat(tables).contains("account", "webhook", "idempotency");
        for (String table : tables) {
            List<String> rows =
                    jdbi.withHandle(handle ->
                            handle.createQuery("select it::text from " + table + " it")
                                    .mapTo(String.class)
                                    .list());
            found.put("table " + table, String.join("\n", rows));
        }
    }

    /** The arguments are readable for everybody, the environment only for the owner. */
    private void lookAtProcesses(DaemonProcess daemon) throws IOException {
        List<ProcessHandle> all = new ArrayList<>(daemon.processes());
        List<String> file = Files.readAllLines(dataDir.resolve("data/database/postmaster.pid"));
        ProcessHandle.of(Long.parseLong(file.getFirst().strip())).ifPresent(all::add);
        for (ProcessHandle process : all) {
            Path proc = Path.of("/proc", Long.toString(process.pid()));
            found.put("arguments of " + process.pid(), read(proc.resolve("cmdline")));
            if (process.pid() != all.getFirst().pid()) {
                found.put("environment of " + process.pid(), read(proc.resolve("environ")));
            }
        }
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(
                                        Path.of(
                                                "/proc",
                                                Long.toString(all.getFirst().pid()),
                                                "environ"))))
                .isEqualTo("r--------");
    }

    private static String read(Path path) throws IOException {
        return Files.exists(path)
                ? new String(Files.readAllBytes(path), StandardCharsets.UTF_8)
                : "";
    }

    /** Where which secret was found. */
    private List<String> leaks() {
        List<String> leaks = new ArrayList<>();
        found.forEach((place, text) -> {
            String lower = text.toLowerCase(Locale.ROOT);
            String noBlanks = lower.replaceAll("\\s", "");
            secrets.forEach((name, value) -> {
                String plain = value.toLowerCase(Locale.ROOT);
                boolean seen =
                        noBlanks.contains(plain)
                                || lower.contains(hex(value))
                                || text.contains(URLEncoder.encode(value, StandardCharsets.UTF_8))
                                || base64(value).stream().anyMatch(text::contains);
                if (seen) {
                    leaks.add(name + " in " + place + ": " + excerpt(text, value));
                }
            });
        });
        return leaks;
    }

    private static String excerpt(String text, String secret) {
        int at = text.toLowerCase(Locale.ROOT).indexOf(secret.toLowerCase(Locale.ROOT));
        return at < 0
                ? text.substring(0, Math.min(300, text.length()))
                : text.substring(Math.max(0, at - 150), Math.min(text.length(), at + 100));
    }

    private static String hex(String secret) {
        return HexFormat.of().formatHex(secret.getBytes(StandardCharsets.UTF_8));
    }

    /** The middle of its Base64 at each offset within a longer text. */
    private static List<String> base64(String secret) {
        byte[] octets = secret.getBytes(StandardCharsets.UTF_8);
        List<String> all = new ArrayList<>();
        for (int before = 0; before < 3; before++) {
            byte[] shifted = new byte[before + octets.length];
            System.arraycopy(octets, 0, shifted, before, octets.length);
            String text = Base64.getEncoder().withoutPadding().encodeToString(shifted);
            all.add(text.substring(4, text.length() - 4));
        }
        return all;
    }
}
