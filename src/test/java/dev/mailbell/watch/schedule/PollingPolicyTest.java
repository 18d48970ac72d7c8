package dev.mailbell.watch.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.MailSettings;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Host;
import dev.mailbell.network.tls.TlsTrust;
import dev.mailbell.watch.TestAccount;
import dev.mailbell.watch.TestPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PollingPolicyTest {
    private static final String HOST = "imap.example.org";

    private final Account account = TestAccount.of(AccountState.WATCHING, Map.of(), Instant.EPOCH);

    @Test
    void mail_halves_the_tempo_and_silence_lengthens_it_up_to_four_intervals() {
        assertThat(PollingPolicy.tempo(1, true)).isEqualTo(0.5);
        assertThat(PollingPolicy.tempo(4, true)).isEqualTo(0.5);
        double tempo = 1;
        for (int i = 0; i < 100; i++) {
            double before = tempo;
            tempo = PollingPolicy.tempo(tempo, false);
            assertThat(tempo).isGreaterThanOrEqualTo(before);
        }
        assertThat(tempo).isEqualTo(4);
        for (int i = 0; i < 100; i++) {
            tempo = PollingPolicy.tempo(tempo, true);
        }
        assertThat(tempo).isEqualTo(1.0 / 1024);
    }

    @Test
    void an_interval_is_adapted_only_where_that_is_configured() {
        PollingPolicy fixed = TestPolicy.of("polling: { adaptive: false }");
        Duration usual = fixed.interval(account);
        assertThat(fixed.interval(account, 3)).isEqualTo(usual);
        PollingPolicy adaptive = TestPolicy.of("polling: { adaptive: true }");
        assertThat(adaptive.interval(account, 1)).isEqualTo(usual);
        assertThat(adaptive.interval(account, 2)).isGreaterThan(usual);
        assertThat(adaptive.interval(account, 0.00001))
                .isEqualTo(adaptive.intervals(Protocol.IMAP).bounded(Duration.ofNanos(1)));
    }

    @Test
    void push_is_for_imap_and_can_be_switched_off() {
        assertThat(TestPolicy.of("").push(Protocol.IMAP, HOST)).isTrue();
        assertThat(TestPolicy.of("").push(Protocol.POP3, HOST)).isFalse();
        assertThat(TestPolicy.of("polling: { imap: { push: false } }").push(Protocol.IMAP, HOST))
                .isFalse();
    }

    @Test
    void an_account_names_its_way_out_before_its_providers_profile() {
        PollingPolicy policy =
                TestPolicy.of(
                        """
                        network: { egress: { a: { local: 127.0.0.2 }, b: { local: 127.0.0.3 } } }
                        providers: [ { match: [imap.example.org], egress: a } ]
                        """);
        assertThat(policy.egress(mail(HOST, null))).contains("a");
        assertThat(policy.egress(mail(HOST, "b"))).contains("b");
        assertThat(policy.egress(mail("other.example.org", null))).isEmpty();
        assertThat(policy.egressNamed("b").orElseThrow().local())
                .isEqualTo(Host.of("127.0.0.3").literal().orElseThrow());
        assertThat(policy.egressNamed("c")).isEmpty();
    }

    private static MailSettings mail(String host, @Nullable String egress) {
        return new MailSettings(
                Protocol.IMAP,
                host,
                993,
                Security.TLS,
                "ann",
                MailSettings.Auth.PASSWORD,
                new TlsTrust(true, null),
                egress);
    }

    @Test
    void a_fifth_of_a_requests_time_and_two_seconds_at_most_are_for_recording() {
        assertForRecording(TestPolicy.of("polling: { timeout: 30s }"), Duration.ofSeconds(2));
        assertForRecording(TestPolicy.of("polling: { timeout: 5s }"), Duration.ofSeconds(1));
    }

    /** Between two readings of a deadline the thread may stand still. */
    private static void assertForRecording(PollingPolicy policy, Duration expected) {
        Deadline whole = Deadline.after(Duration.ofHours(1));
        Deadline part = policy.serverPart(whole);
        Duration before = whole.remaining();
        Duration ofServer = part.remaining();
        Duration after = whole.remaining();
        assertThat(before.minus(ofServer)).isGreaterThanOrEqualTo(expected);
        assertThat(after.minus(ofServer)).isLessThanOrEqualTo(expected);
    }

    @Test
    void nodes_share_the_limits_of_a_mail_host_and_each_has_one_at_least() {
        AtomicInteger nodes = new AtomicInteger(1);
        PollingPolicy policy =
                TestPolicy.ofNodes(
                        """
                        polling: { loginsPerSecond: 10 }
                        providers: [{ match: [imap.example.org], connections: 5, loginsPerSecond: 2 }]
                        """,
                        nodes::get);
        assertThat(policy.connections(HOST)).isEqualTo(5);
        assertThat(policy.loginsPerSecond(HOST)).isEqualTo(2);
        nodes.set(2);
        assertThat(policy.connections(HOST)).isEqualTo(2);
        assertThat(policy.loginsPerSecond(HOST)).isEqualTo(1);
        assertThat(policy.loginsPerSecond("other.example.com")).isEqualTo(5);
        nodes.set(20);
        assertThat(policy.connections(HOST)).isEqualTo(1);
        assertThat(policy.loginsPerSecond("other.example.com")).isEqualTo(1);
        assertThat(policy.connections("other.example.com")).isEqualTo(Integer.MAX_VALUE);
    }
}
