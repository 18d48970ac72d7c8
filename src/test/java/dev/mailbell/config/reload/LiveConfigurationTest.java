package dev.mailbell.config.reload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.mailbell.LogLines;
import dev.mailbell.config.CanaryConfig;
import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.config.parsing.ConfigurationFault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configuration is read again while the daemon runs. */
class LiveConfigurationTest {
    private static final HeldCertificate AUTHORITY =
            new HeldCertificate.Builder().certificateAuthority(0).build();

    /** Every key with a value that is not its default. */
    private static final Map<String, String> OTHER =
            Map.ofEntries(
                    Map.entry("dataDir", "elsewhere"),
                    Map.entry("http.host", "0.0.0.0"),
                    Map.entry("http.port", "2178"),
                    Map.entry("http.loopbackPort", "2179"),
                    Map.entry("http.publicUrl", "https://mail.example.org"),
                    Map.entry("http.tls.certificate", "other.pem"),
                    Map.entry("http.tls.key", "other.pem"),
                    Map.entry("database.url", "jdbc:postgresql://db/mailbell"),
                    Map.entry("database.username", "somebody"),
                    Map.entry("database.password", "hush"),
                    Map.entry("database.pool", "11"),
                    Map.entry("security.keyset", "other.json"),
                    Map.entry("network.allowPrivate", "[10.0.0.0/8]"),
                    Map.entry("network.allowCleartext", "['*.lan']"),
                    Map.entry("network.caBundle", "authorities.pem"),
                    Map.entry("network.proxy", "http://proxy:3128"),
                    Map.entry("polling.imap.interval", "3m"),
                    Map.entry("polling.imap.min", "31s"),
                    Map.entry("polling.imap.max", "23h"),
                    Map.entry("polling.imap.push", "false"),
                    Map.entry("polling.imap.safetyInterval", "8m"),
                    Map.entry("polling.pop3.interval", "6m"),
                    Map.entry("polling.pop3.min", "61s"),
                    Map.entry("polling.pop3.max", "22h"),
                    Map.entry("polling.adaptive", "true"),
                    Map.entry("polling.jitter", "0.3"),
                    Map.entry("polling.concurrency", "513"),
                    Map.entry("polling.timeout", "31s"),
                    Map.entry("polling.loginsPerSecond", "51"),
                    Map.entry("providers", "[{ match: [mail.example.org] }]"),
                    Map.entry("webhooks.timeout", "16s"),
                    Map.entry("webhooks.retrySchedule", "[1s]"),
                    Map.entry("webhooks.concurrency", "11"),
                    Map.entry("webhooks.pauseFloor", "61s"),
                    Map.entry("webhooks.breaker.openFor", "31s"),
                    Map.entry("webhooks.disableAfter", "6d"),
                    Map.entry("webhooks.ports", "[443]"),
                    Map.entry("retention.events", "15d"),
                    Map.entry("retention.deliveries", "15d"),
                    Map.entry("retention.audit", "91d"),
                    Map.entry("limits.accountsPerClient", "7"),
                    Map.entry("limits.requestsPerSecond", "8"),
                    Map.entry("limits.webhooksPerClient", "9"),
                    Map.entry("limits.requestsPerSecondPerClient", "9"),
                    Map.entry("limits.verifiesPerMinute", "9"),
                    Map.entry("limits.checksPerMinute", "9"),
                    Map.entry("limits.registrationsPerMinute", "9"),
                    Map.entry("cluster.nodeName", "one"),
                    Map.entry("cluster.address", "node1:2177"),
                    Map.entry("logging.format", "json"),
                    Map.entry("metrics.port", "9090"));

    @TempDir private Path home;
    private Path file;

    @BeforeEach
    void nameTheFile() throws IOException {
        file = home.resolve("test.yaml");
        Files.writeString(home.resolve("authorities.pem"), AUTHORITY.certificatePem());
    }

    private void write(String yaml) throws IOException {
        Files.writeString(file, yaml);
    }

    private LiveConfiguration open() {
        return LiveConfiguration.open(new ConfigurationLoader(home, Map.of()), file);
    }

    private static Reload reload(LiveConfiguration live) {
        return live.reload(Reload.Trigger.REQUEST);
    }

    @Test
    void a_changed_interval_takes_effect_and_listeners_are_called() throws IOException {
        write("polling: { imap: { interval: 2m } }");
        LiveConfiguration live = open();
        List<String> told = new ArrayList<>();
        live.onChange(now -> told.add("first " + now.polling().imap().interval()));
        live.onChange(now -> told.add("second " + live.get().polling().imap().interval()));
        write("polling: { imap: { interval: 4m } }");
        assertThat(reload(live)).isEqualTo(new Reload(List.of("polling.imap.interval"), List.of()));
        assertThat(live.get().polling().imap().interval()).isEqualTo(Duration.ofMinutes(4));
        assertThat(told).containsExactly("first PT4M", "second PT4M");
        assertThat(reload(live)).isEqualTo(new Reload(List.of(), List.of()));
        assertThat(told).hasSize(2);
    }

    @Test
    void every_key_takes_effect_or_needs_a_restart() throws IOException {
        TreeSet<String> keys = new TreeSet<>(ConfigurationLoader.keys());
        keys.add("providers");
        // Given together, as the next test does.
        keys.removeIf(key -> key.startsWith("canary.") || key.startsWith("operator."));
        assertThat(keys).isEqualTo(new TreeSet<>(OTHER.keySet()));
        for (Map.Entry<String, String> entry : OTHER.entrySet()) {
            String key = entry.getKey();
            String other = entry.getValue();
            String database =
                    key.startsWith("database.") && !key.equals("database.url")
                            ? "database: { url: 'jdbc:postgresql://db/first', %s }"
                            : "";
            String last = key.substring(key.lastIndexOf('.') + 1);
            String tls = "http: { tls: { certificate: first.pem, key: second.pem } }";
            write(key.startsWith("http.tls.") ? tls : database.replace(", %s", ""));
            LiveConfiguration live = open();
            Configuration before = live.get();
            List<Configuration> told = new ArrayList<>();
            live.onChange(told::add);
            if (key.startsWith("http.tls.")) {
                write(tls.replaceFirst(last + ": \\w+", last + ": another"));
            } else {
                write(
                        database.isEmpty()
                                ? yaml(key, other)
                                : database.formatted(last + ": " + other));
            }
            Configuration written = new ConfigurationLoader(home, Map.of()).load(file);
            assertThat(written).as(key).isNotEqualTo(before);
            Reload reload = reload(live);
            if (key.matches("(polling|webhooks|limits)\\..*|providers")) {
                assertThat(reload).isEqualTo(new Reload(List.of(key), List.of()));
                assertThat(live.get()).as(key).isEqualTo(written);
                assertThat(told).containsExactly(written);
            } else {
                assertThat(reload.changed()).as(key).isEmpty();
                assertThat(reload.needsRestart()).contains(key);
                assertThat(live.get()).as(key).isEqualTo(before);
                assertThat(told).isEmpty();
                assertThat(reload(live)).as("%s, asked again", key).isEqualTo(reload);
            }
        }
    }

    @Test
    void the_canary_and_the_webhook_of_the_operator_change_while_the_daemon_runs()
            throws IOException {
        write("");
        LiveConfiguration live = open();
        assertThat(live.get().canary().isOn()).isFalse();
        assertThat(live.get().operator().hasWebhook()).isFalse();
        write(
                """
                operator: { webhook: { url: "https://ops.example.org/x", secret: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz" } }
                canary:
                  { account: 01990000-0000-7000-8000-000000000001, from: canary@example.org, interval: 10m,
                    smtp: { host: smtp.example.org, port: 26, security: starttls, username: u, password: hush } }
                """);
        assertThat(reload(live).needsRestart()).isEmpty();
        assertThat(live.get().operator().webhookUrl()).isEqualTo("https://ops.example.org/x");
        CanaryConfig canary = live.get().canary();
        assertThat(canary.from()).isEqualTo("canary@example.org");
        assertThat(canary.interval()).isEqualTo(Duration.ofMinutes(10));
        assertThat(canary.smtp().security()).isEqualTo(CanaryConfig.Security.STARTTLS);
        assertThat(live.get() + " " + live.fingerprint()).doesNotContain("hush", "MDEyMz");
        write("canary: off");
        reload(live);
        assertThat(live.get().canary().isOn()).isFalse();
    }

    @Test
    void a_canary_or_webhook_of_the_operator_that_lacks_something_is_refused_with_every_fault()
            throws IOException {
        write(
                """
                operator: { webhook: { url: "ftp://ops" } }
                canary: { account: x, smtp: { security: ssl } }
                logging: { format: xml }
                """);
        assertThatThrownBy(this::open)
                .hasMessageContaining("operator.webhook.secret")
                .hasMessageContaining("operator.webhook.url")
                .hasMessageContaining("canary.account")
                .hasMessageContaining("canary.smtp.security")
                .hasMessageContaining("logging.format");
        write("canary: { account: 01990000-0000-7000-8000-000000000001, smtp: { username: u } }");
        assertThatThrownBy(this::open)
                .hasMessageContaining("canary.from")
                .hasMessageContaining("canary.smtp.host")
                .hasMessageContaining("canary.smtp.password");
    }

    private static String yaml(String key, String value) {
        String[] parts = key.split("\\.");
        StringBuilder yaml = new StringBuilder();
        for (int i = 0; i < parts.length; i++) {
            yaml.append("  ".repeat(i)).append(parts[i]).append(':');
            yaml.append(i == parts.length - 1 ? " " + value : "\n");
        }
        return yaml.toString();
    }

    @Test
    void ways_out_come_change_and_go_at_once() throws IOException {
        write("network: { egress: { a: { local: 127.0.0.2 } }, proxy: 'http://proxy:3128' }");
        LiveConfiguration live = open();
        write(
                """
                network: { egress: { a: { local: 127.0.0.3 }, b: { url: "socks5://proxy:1080" } } }
                providers: [ { match: [imap.example.org], egress: b } ]
                """);
        Reload both = reload(live);
        assertThat(both.changed())
                .contains("network.egress.a.local", "network.egress.b.url", "providers");
        assertThat(both.needsRestart()).containsExactly("network.proxy");
        assertThat(live.get().network().egress()).containsOnlyKeys("a", "b");
        assertThat(live.get().network().proxy()).isNotNull();

        write("network: { proxy: 'http://proxy:3128' }");
        assertThat(reload(live).changed())
                .contains("network.egress.a.local", "network.egress.b.url");
        assertThat(live.get().network().egress()).isEmpty();
        assertThat(reload(live)).isEqualTo(new Reload(List.of(), List.of()));
    }

    @Test
    void other_authorities_in_the_same_file_need_a_restart() throws IOException {
        write("network: { caBundle: authorities.pem }");
        LiveConfiguration live = open();
        assertThat(reload(live).needsRestart()).isEmpty();
        Files.writeString(
                home.resolve("authorities.pem"),
                new HeldCertificate.Builder().certificateAuthority(0).build().certificatePem());
        assertThat(reload(live)).isEqualTo(new Reload(List.of(), List.of("network.caBundle")));
    }

    @Test
    void a_faulty_file_is_refused_with_every_fault_and_changes_nothing() throws IOException {
        write("limits: { requestsPerSecond: 5 }");
        LiveConfiguration live = open();
        live.onChange(now -> {
            throw new AssertionError("told of " + now);
        });
        write("limits: { requestsPerSecond: 6 }\npolling:\n  jitter: 7\n  intervall: 1m\n");
        for (int time = 0; time < 2; time++) {
            assertThatExceptionOfType(ConfigurationException.class)
                    .isThrownBy(() -> reload(live))
                    .satisfies(refusal ->
                            assertThat(refusal.faults())
                                    .containsExactlyInAnyOrder(
                                            new ConfigurationFault(
                                                    file.toString(),
                                                    3,
                                                    "polling.jitter",
                                                    "must be 0.0 to 0.9, is 7"),
                                            new ConfigurationFault(
                                                    file.toString(),
                                                    4,
                                                    "polling.intervall",
                                                    "there is no such key")));
            assertThat(live.isRefused()).isTrue();
            assertThat(live.get().limits().requestsPerSecond()).isEqualTo(5);
        }
        write("limits: { requestsPerSecond: 5 }");
        assertThat(reload(live)).isEqualTo(new Reload(List.of(), List.of()));
        assertThat(live.isRefused()).isFalse();
    }

    @Test
    void a_fault_is_logged_once_for_repeated_changes_of_the_file() throws IOException {
        write("");
        LiveConfiguration live = open();
        try (LogLines log = new LogLines(LiveConfiguration.class, Level.WARN)) {
            write("limits: { requestsPerSecond: many }");
            assertThatExceptionOfType(ConfigurationException.class).isThrownBy(() -> reload(live));
            live.fileChanged();
            live.fileChanged();
            assertThat(log.messages()).hasSize(1);
            assertThat(log.messages().getFirst())
                    .contains("refused", file + ":1: limits.requestsPerSecond: must be a whole");
            write("limits: { requestsPerSecond: some }");
            live.fileChanged();
            live.fileChanged();
            assertThat(log.messages()).hasSize(2);
            // An explicit request is answered, even with the same faults.
            assertThatExceptionOfType(ConfigurationException.class)
                    .isThrownBy(() -> live.reload(Reload.Trigger.SIGNAL));
            assertThat(log.messages()).hasSize(3);
        }
    }

    @Test
    void a_missing_file_is_a_fault_and_does_not_restore_the_defaults() throws IOException {
        Path beside = Files.createDirectory(home.resolve("config")).resolve("mailbell.yaml");
        Files.writeString(beside, "limits: { requestsPerSecond: 5 }");
        LiveConfiguration live =
                LiveConfiguration.open(new ConfigurationLoader(home, Map.of()), null);
        Files.delete(beside);
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> reload(live))
                .withMessageContaining("there is no such file");
        assertThat(live.get().limits().requestsPerSecond()).isEqualTo(5);
    }

    @Test
    void a_file_that_appears_is_read() throws IOException {
        LiveConfiguration live =
                LiveConfiguration.open(new ConfigurationLoader(home, Map.of()), null);
        Path beside = Files.createDirectory(home.resolve("config")).resolve("mailbell.yaml");
        Files.writeString(beside, "limits: { requestsPerSecond: 5 }");
        assertThat(reload(live).changed()).containsExactly("limits.requestsPerSecond");
    }

    @Test
    void the_environment_still_overrides_and_is_not_read_again() throws IOException {
        write("");
        LiveConfiguration live =
                LiveConfiguration.open(
                        new ConfigurationLoader(
                                home, Map.of("MAILBELL_LIMITS_REQUESTS_PER_SECOND", "9")),
                        file);
        write("limits: { requestsPerSecond: 5, accountsPerClient: 4 }");
        assertThat(reload(live).changed()).containsExactly("limits.accountsPerClient");
        assertThat(live.get().limits().accountsPerClient()).isEqualTo(4);
        assertThat(live.get().limits().requestsPerSecond()).isEqualTo(9);
    }

    @Test
    void a_failing_listener_does_not_stop_the_others() throws IOException {
        write("");
        LiveConfiguration live = open();
        List<Integer> told = new ArrayList<>();
        live.onChange(now -> {
            throw new IllegalStateException("as the test wants it");
        });
        live.onChange(now -> told.add(now.limits().requestsPerSecond()));
        write("limits: { requestsPerSecond: 5 }");
        assertThat(reload(live).changed()).containsExactly("limits.requestsPerSecond");
        assertThat(told).containsExactly(5);
    }

    @Test
    void concurrent_reloads_run_one_after_the_other() throws Exception {
        write("limits: { requestsPerSecond: 1 }");
        LiveConfiguration live = open();
        AtomicInteger inside = new AtomicInteger();
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        live.onChange(now -> {
            told.add(inside.incrementAndGet() + ": " + now.limits().requestsPerSecond());
            Thread.yield();
            inside.decrementAndGet();
        });
        Path next = home.resolve("next.yaml");
        List<Thread> threads = new ArrayList<>();
        for (int rate = 2; rate < 30; rate++) {
            Files.writeString(next, "limits: { requestsPerSecond: " + rate + " }");
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            threads.add(Thread.startVirtualThread(() -> reload(live)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(told).isNotEmpty().allMatch(text -> text.startsWith("1: "));
        assertThat(told.getLast()).isEqualTo("1: 29");
        assertThat(live.get().limits().requestsPerSecond()).isEqualTo(29);
    }
}
