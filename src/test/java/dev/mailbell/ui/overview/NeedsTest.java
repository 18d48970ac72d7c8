package dev.mailbell.ui.overview;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.event.CanaryStatus;
import dev.mailbell.event.Ids;
import dev.mailbell.ui.overview.OverviewStore.Accounts;
import dev.mailbell.ui.overview.OverviewStore.Host;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class NeedsTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    private static CanaryStatus canary(UUID account, boolean late) {
        return new CanaryStatus(
                account,
                late,
                late ? 4 : 2,
                "not_sent",
                "canary.smtp did not take the mail: 550 no",
                NOW.minusSeconds(7_200),
                null);
    }

    @Test
    void a_late_canary_needs_you() {
        UUID account = Ids.next();
        assertThat(Needs.ofCanary(canary(account, true), NOW))
                .singleElement()
                .satisfies(need -> {
                    assertThat(need.isBad()).isTrue();
                    assertThat(need.what()).contains("4 mails", "2 h ago");
                    assertThat(need.todo()).contains("550 no");
                    assertThat(need.href()).isEqualTo("/ui/accounts/" + account);
                });
        assertThat(Needs.ofCanary(canary(account, false), NOW)).isEmpty();
        assertThat(Needs.ofCanary(null, NOW)).isEmpty();
    }

    @Test
    void the_failure_of_a_host_is_said_in_words_also_one_of_another_version() {
        List<Need> needs =
                new Needs()
                        .ofHosts(
                                List.of(
                                        new Host("imap.example.org", "timeout", 7),
                                        new Host("pop.example.org", "out_of_paper", 1)),
                                List.of());
        assertThat(needs).hasSize(2);
        assertThat(needs.getFirst().what())
                .isEqualTo(
                        "imap.example.org: the mail server does not answer in time (7 accounts)");
        assertThat(needs.getFirst().todo()).contains("tried again");
        assertThat(needs.getLast().what()).contains("the checks fail (out_of_paper)");
    }

    @Test
    void an_unknown_failure_of_a_host_has_the_advice_for_hosts() {
        List<Need> needs =
                new Needs()
                        .ofHosts(
                                List.of(
                                        new Host("imap.example.org", "server_error", 7),
                                        new Host("pop.example.org", "out_of_paper", 1)),
                                List.of());
        assertThat(needs.getLast().todo()).isEqualTo(needs.getFirst().todo());
        assertThat(needs.getFirst().todo()).startsWith("Checks are tried again");

        List<Need> parked =
                new Needs().ofParked(new Accounts(Map.of(), Map.of("out_of_paper", 3L)));
        assertThat(parked.getFirst().todo()).startsWith("Look at the accounts");
    }
}
