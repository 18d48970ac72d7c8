package dev.mailbell.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.network.Host;
import dev.mailbell.network.socket.Egress;
import dev.mailbell.network.socket.ProxyAddress;
import dev.mailbell.network.socket.ProxyAddress.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

class ConfigurationLoaderTest {
    private static final Path SHIPPED = Path.of("config/mailbell.yaml");

    private static final HeldCertificate AUTHORITY =
            new HeldCertificate.Builder().certificateAuthority(0).build();

    @TempDir private Path home;

    private Configuration load(String yaml, Map<String, String> environment) throws IOException {
        Path file = Files.writeString(home.resolve("test.yaml"), yaml);
        return new ConfigurationLoader(home, environment).load(file);
    }

    private List<String> faults(String yaml, Map<String, String> environment) throws IOException {
        try {
            load(yaml, environment);
            return List.of();
        } catch (ConfigurationException e) {
            return e.faults().stream()
                    .map(fault -> fault.text().replace(home.resolve("test.yaml").toString(), "F"))
                    .toList();
        }
    }

    @Test
    void without_a_file_everything_has_its_default() {
        Configuration configuration = new ConfigurationLoader(home, Map.of()).load(null);
        assertThat(configuration.http()).isEqualTo(new HttpConfig("127.0.0.1", 2177));
        assertThat(configuration.database().embedded()).isTrue();
        assertThat(configuration.dataDir()).isEqualTo(home.resolve("var"));
        assertThat(configuration.keyset()).isEqualTo(home.resolve("var/keyset.json"));
        assertThat(configuration.polling().imap().interval()).isEqualTo(Duration.ofMinutes(2));
        assertThat(configuration.polling().pop3().min()).isEqualTo(Duration.ofSeconds(60));
        assertThat(configuration.webhooks().retrySchedule())
                .hasSize(9)
                .endsWith(Duration.ofDays(1));
        assertThat(configuration.webhooks().ports()).containsExactly(443, 8443, 80);
    }

    @Test
    void the_shipped_file_has_exactly_the_defaults() {
        assertThat(new ConfigurationLoader(home, Map.of()).load(SHIPPED.toAbsolutePath()))
                .isEqualTo(new ConfigurationLoader(home, Map.of()).load(null));
    }

    @Test
    void the_shipped_file_documents_every_key() throws IOException {
        Object yaml =
                new Load(LoadSettings.builder().build()).loadFromString(Files.readString(SHIPPED));
        Set<String> documented = new TreeSet<>();
        collect("", yaml, documented);
        documented.remove("providers");
        assertThat(documented).isEqualTo(ConfigurationLoader.keys());
    }

    private static void collect(String path, Object node, Set<String> keys) {
        if (node instanceof Map<?, ?> map) {
            map.forEach((key, value) ->
                    collect(path.isEmpty() ? "" + key : path + "." + key, value, keys));
        } else {
            keys.add(path);
        }
    }

    @Test
    void every_key_can_be_set_in_the_file() throws IOException {
        Files.createDirectory(home.resolve("tls"));
        Files.writeString(home.resolve("tls/authorities.pem"), AUTHORITY.certificatePem());
        Configuration configuration =
                load(
                        """
                        dataDir: /srv/mailbell
                        http: { host: 0.0.0.0, port: 8080 }
                        database: { url: "jdbc:postgresql://db/mailbell", username: u, password: p, pool: 20 }
                        security: { keyset: keys/one.json }
                        network:
                          allowPrivate: [10.0.0.0/8]
                          allowCleartext: ["*.lan"]
                          caBundle: tls/authorities.pem
                          proxy: http://somebody:p%40ss@[::1]:3128
                          egress:
                            tokyo: { url: "socks5://us%3Aer:p%40ss@10.0.0.9:1080", proxyResolves: true }
                            second-line: { local: 127.0.0.2 }
                        polling:
                          imap: { interval: 1m, min: 10s, max: 1h, push: false, safetyInterval: PT3M }
                          pop3: { interval: 10m, min: 5m, max: 2h }
                          adaptive: true
                          jitter: 0.5
                          concurrency: 7
                          timeout: 1m
                          loginsPerSecond: 9
                        providers:
                          - match: [imap.example.org]
                            imap: { interval: 10m }
                            pop3: { interval: 20m }
                            idle: false
                            connections: 3
                            keepConnections: false
                            loginsPerSecond: 2
                            sendId: true
                            safetyInterval: 4m
                            egress: tokyo
                            plainFallback: true
                            note: known
                        webhooks:
                          timeout: 3s
                          retrySchedule: [1s, 2s]
                          concurrency: 3
                          pauseFloor: 1s
                          breaker: { openFor: 2s }
                          disableAfter: 2d
                          ports: [8443]
                        retention: { events: 2d, deliveries: 3d, audit: 4d }
                        limits: { accountsPerClient: 5, requestsPerSecond: 6, webhooksPerClient: 7, requestsPerSecondPerClient: 8,
                            verifiesPerMinute: 9, checksPerMinute: 10, registrationsPerMinute: 11 }
                        cluster: { nodeName: one, address: node1.example.org:2177 }
                        metrics: { port: 9090 }
                        """,
                        Map.of());
        assertThat(configuration.dataDir()).isEqualTo(Path.of("/srv/mailbell"));
        assertThat(configuration.keyset()).isEqualTo(home.resolve("keys/one.json"));
        assertThat(configuration.http()).isEqualTo(new HttpConfig("0.0.0.0", 8080));
        assertThat(configuration.database())
                .isEqualTo(new DatabaseConfig("jdbc:postgresql://db/mailbell", "u", "p", 20));
        assertThat(configuration.database().toString()).doesNotContain("password", "p,");
        assertThat(configuration.network())
                .isEqualTo(
                        new NetworkConfig(
                                List.of("10.0.0.0/8"),
                                List.of("*.lan"),
                                AUTHORITY.certificatePem(),
                                new ProxyAddress(
                                        Kind.HTTP,
                                        Host.of("::1"),
                                        3128,
                                        new ProxyAddress.Login("somebody", "p@ss")),
                                Map.of(
                                        "tokyo",
                                        new Egress(
                                                "tokyo",
                                                new ProxyAddress(
                                                        Kind.SOCKS5,
                                                        Host.of("10.0.0.9"),
                                                        1080,
                                                        new ProxyAddress.Login("us:er", "p@ss")),
                                                null,
                                                true),
                                        "second-line",
                                        new Egress(
                                                "second-line",
                                                null,
                                                InetAddress.getByName("127.0.0.2"),
                                                false))));
        assertThat(configuration.toString()).doesNotContain("somebody", "us:er", "p%40ss", "p@ss");
        assertThat(configuration.polling())
                .isEqualTo(
                        new PollingConfig(
                                new PollingConfig.Intervals(
                                        Duration.ofMinutes(1),
                                        Duration.ofSeconds(10),
                                        Duration.ofHours(1)),
                                new PollingConfig.Intervals(
                                        Duration.ofMinutes(10),
                                        Duration.ofMinutes(5),
                                        Duration.ofHours(2)),
                                false,
                                Duration.ofMinutes(3),
                                true,
                                0.5,
                                7,
                                Duration.ofMinutes(1),
                                9));
        assertThat(configuration.provider(Host.of("IMAP.example.org.")))
                .contains(
                        new ProviderProfile(
                                List.of("imap.example.org"),
                                Duration.ofMinutes(10),
                                Duration.ofMinutes(20),
                                false,
                                3,
                                false,
                                2,
                                true,
                                Duration.ofMinutes(4),
                                "tokyo",
                                true,
                                "known"));
        assertThat(configuration.webhooks())
                .isEqualTo(
                        new WebhooksConfig(
                                Duration.ofSeconds(3),
                                List.of(Duration.ofSeconds(1), Duration.ofSeconds(2)),
                                3,
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(2),
                                Duration.ofDays(2),
                                List.of(8443)));
        assertThat(configuration.retention())
                .isEqualTo(
                        new RetentionConfig(
                                Duration.ofDays(2), Duration.ofDays(3), Duration.ofDays(4)));
        assertThat(configuration.limits()).isEqualTo(new LimitsConfig(5, 7, 6, 8, 9, 10, 11));
        assertThat(configuration.cluster())
                .isEqualTo(new ClusterConfig("one", "http://node1.example.org:2177"));
        assertThat(configuration.metricsPort()).isEqualTo(9090);
    }

    @Test
    void the_environment_overrides_the_file() throws IOException {
        Configuration configuration =
                load(
                        "polling: { pop3: { interval: 10m } }\nnetwork: { allowPrivate: [10.0.0.0/8] }",
                        Map.of(
                                "MAILBELL_POLLING_POP3_INTERVAL", "7m",
                                "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8, ::1/128",
                                "MAILBELL_DATA_DIR", "/tmp/data",
                                "MAILBELL_ADMIN_KEY", "mbk_x",
                                "PATH", "/bin"));
        assertThat(configuration.polling().pop3().interval()).isEqualTo(Duration.ofMinutes(7));
        assertThat(configuration.network().allowPrivate())
                .containsExactly("127.0.0.0/8", "::1/128");
        assertThat(configuration.dataDir()).isEqualTo(Path.of("/tmp/data"));
    }

    private String bundleFault() throws IOException {
        List<String> faults = faults("network:\n  caBundle: a.pem\n", Map.of());
        assertThat(faults).hasSize(1);
        return faults.getFirst().replace(home.resolve("a.pem").toString(), "PEM");
    }

    @Test
    void a_bundle_without_certificates_is_a_fault() throws IOException {
        String where = "F:2: network.caBundle: ";
        assertThat(bundleFault()).isEqualTo(where + "there is no file PEM");
        Path file = Files.writeString(home.resolve("a.pem"), "hello");
        assertThat(bundleFault())
                .isEqualTo(
                        where
                                + "PEM has no certificate; it starts with -----BEGIN CERTIFICATE-----");
        Files.write(file, new byte[] {0x30, (byte) 0x82, 0x01, (byte) 0xFF});
        assertThat(bundleFault()).startsWith(where + "PEM is not text");
        Files.writeString(file, AUTHORITY.certificatePem().replaceFirst("MII", "!!!"));
        assertThat(bundleFault()).isEqualTo(where + "PEM has a certificate that cannot be read");
        Files.writeString(file, AUTHORITY.privateKeyPkcs8Pem());
        assertThat(bundleFault()).contains("PEM holds a private key");
        Files.writeString(file, "#".repeat(300_000));
        assertThat(bundleFault()).isEqualTo(where + "PEM is larger than 256 KiB");
        Files.delete(file);
        Files.createDirectory(file);
        assertThat(bundleFault()).startsWith(where + "PEM cannot be read");
    }

    @ParameterizedTest
    @CsvSource({
        "https://proxy:3128, it must start with http://",
        "somebody:hush@proxy:3128, it must start with http://",
        "http://proxy, it must name a port",
        "http://somebody:hush, its port must be 1 to 65535",
        "http://proxy:0, its port must be 1 to 65535",
        "http://proxy:65536, its port must be 1 to 65535",
        "http://hush@proxy:3128, what stands before @ must be user:password",
        "http://:hush@proxy:3128, what stands before @ must be user:password",
        "http://somebody:%zzhush@proxy:3128, a % in user or password must be written as %25",
        "http://some%3Abody:hush@proxy:3128, its user must not hold a colon",
        "http://pro xy:3128, its host is neither a name nor an address",
        "http://::1:3128, its IPv6 address must have [ ] around it"
    })
    void an_invalid_proxy_is_a_fault_that_quotes_no_secret(String proxy, String why)
            throws IOException {
        assertThat(faults("network: { proxy: '" + proxy + "' }", Map.of()))
                .containsExactly(
                        "F:1: network.proxy: must be like"
                                + " http://user:password@proxy.example.org:3128: "
                                + why)
                .noneMatch(fault -> fault.contains("hush"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    a: {}                                  | .a.url: must be given, or local
                    a: { url: 'socks4://h:1' }             | .a.url: must be like http://user:password@proxy.example.org:3128: it must start with socks5:// or http://
                    a: { url: 'socks5://u:@h:1' }          | .a.url: must be like http://user:password@proxy.example.org:3128: user and password of SOCKS must have 1 to 255 bytes each
                    a: { local: eth0 }                     | .a.local: must be an IP address of this machine
                    a: { local: 0.0.0.0 }                  | .a.local: must be an IP address of this machine
                    a: { local: 10.0.0.1, proxyResolves: true } | .a.proxyResolves: needs a proxy, url
                    a: { local: 10.0.0.1, uri: x }         | .a.uri: there is no such key; did you mean network.egress.a.url?
                    A_1: { local: 10.0.0.1 }               | : a name has a letter and up to 31 letters, digits and hyphens, all lower case; it is "A_1"
                    """)
    void an_invalid_way_out_is_a_fault(String way, String why) throws IOException {
        assertThat(faults("network: { egress: { " + way + " } }", Map.of()))
                .containsExactly("F:1: network.egress" + why);
    }

    @Test
    void a_profile_names_a_way_out_that_there_is_and_the_environment_gives_its_password()
            throws IOException {
        String file =
                """
                network: { egress: { far-away: { url: "http://proxy:3128" } } }
                providers: [ { match: [imap.example.org], egress: WAY } ]
                """;
        assertThat(faults(file.replace("WAY", "nowhere"), Map.of()))
                .containsExactly("F:2: providers[0].egress: is not one of network.egress: nowhere");
        Configuration configuration =
                load(
                        file.replace("WAY", "far-away"),
                        Map.of("MAILBELL_NETWORK_EGRESS_FAR_AWAY_URL", "socks5://a:b@proxy:1080"));
        ProxyAddress proxy =
                new ProxyAddress(
                        Kind.SOCKS5, Host.of("proxy"), 1080, new ProxyAddress.Login("a", "b"));
        assertThat(configuration.network().egress())
                .isEqualTo(Map.of("far-away", new Egress("far-away", proxy, null, false)));
    }

    @Test
    void all_faults_are_reported_at_once_with_source_and_line() throws IOException {
        assertThat(
                        faults(
                                """
                                http: { port: 70000 }
                                polling:
                                  intervall: 3m
                                  imap:
                                    interval: soon
                                    min: 2h
                                    max: 1h
                                  pop3: { interval: 1s }
                                  jitter: 7
                                  jitter: 8
                                  timeout: [1s]
                                network:
                                  allowPrivate: [10.0.0.1/8, here]
                                webhooks: 5
                                providers:
                                  - imap: { interval: 1m }
                                """,
                                Map.of(
                                        "MAILBELL_HTTP_HOTS",
                                        "x",
                                        "MAILBELL_DATABASE_POOL",
                                        "many")))
                .containsExactlyInAnyOrder(
                        "F:1: http.port: must be 0 to 65535, is 70000",
                        "F:3: polling.intervall: there is no such key",
                        "F:5: polling.imap.interval: not a duration such as 30s, 5m, 24h or PT30S: \"soon\"",
                        "F:6: polling.imap.min: is longer than max (1h)",
                        "F:8: polling.pop3.interval: must lie between min (1m) and max (1d)",
                        "F:10: polling.jitter: is given twice",
                        "F:10: polling.jitter: must be 0.0 to 0.9, is 8",
                        "F:11: polling.timeout: must be a single value",
                        "F:13: network.allowPrivate: \"10.0.0.1/8\" has bits set behind its prefix; write 10.0.0.0/8",
                        "F:13: network.allowPrivate: \"here\" is not a CIDR range such as 10.0.0.0/8 or fd00::/8",
                        "F:14: webhooks: must be a section of keys",
                        "F:16: providers[0].match: must name at least one host pattern",
                        "MAILBELL_DATABASE_POOL: must be a whole number, is \"many\"",
                        "MAILBELL_HTTP_HOTS: there is no such key; did you mean MAILBELL_HTTP_HOST?");
    }

    @Test
    void invalid_yaml_is_reported_with_its_line() throws IOException {
        assertThat(faults("http: {\n  port: 1\n", Map.of()))
                .singleElement()
                .asString()
                .startsWith("F:3: is not YAML");
        assertThatThrownBy(() ->
                        new ConfigurationLoader(home, Map.of()).load(Path.of("/nowhere.yaml")))
                .hasMessageContaining("/nowhere.yaml: there is no such file");
    }
}
