package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.database.FencedException;
import dev.mailbell.mail.scripted.FakeImap;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A daemon that lost its lease must not log in anywhere, for whatever reason. */
class FencedChecksTest {
    private static final LoginSecret SECRET = new LoginSecret.Password("s3cret-word");
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { loginsPerSecond: 1000 }
            """;

    @Test
    void a_daemon_without_its_lease_logs_in_nowhere_and_goes_on_when_it_has_it_again()
            throws Exception {
        try (FakeImap server = new FakeImap();
                WatchKit kit = new WatchKit(YAML)) {
            kit.held.set(false);
            kit.start();
            Account account = kit.register(server.port(), "ann");
            assertThatExceptionOfType(FencedException.class).isThrownBy(() -> kit.check(account));
            Account other = kit.store(server.port(), "bob", List.of("INBOX"));
            assertThatExceptionOfType(FencedException.class)
                    .isThrownBy(() -> kit.verify(other, SECRET));
            assertThat(server.logins()).isEmpty();
            kit.held.set(true);
            assertThat(kit.verify(other, SECRET))
                    .isInstanceOf(AccountCommands.Verified.Works.class);
            await().until(() -> "idle".equals(kit.mode(account)));
        }
    }

    @Test
    void checks_that_wait_for_the_lease_or_the_database_are_seen_as_late() throws Exception {
        try (FakeImap server = new FakeImap();
                WatchKit kit = new WatchKit(YAML)) {
            kit.start();
            Account account = kit.register(server.port(), "ann");
            await().until(() -> "idle".equals(kit.mode(account)));
            // Now the timer of its next check is set, too.
            await().until(() -> server.idling() == 1);
            assertThat(kit.service().status().trouble()).isEmpty();
            kit.held.set(false);
            kit.pass(Duration.ofHours(1));
            // It is tried again every 2 s or so, and late since the time that it had first.
            for (int tries = 0; tries < 3; tries++) {
                await().untilAsserted(() ->
                        assertThat(kit.service().status().trouble())
                                .singleElement()
                                .asString()
                                .startsWith("checks have been due for "));
                kit.pass(Duration.ofSeconds(5));
            }
            kit.held.set(true);
            await().until(() -> kit.service().status().trouble().isEmpty());
            await().until(() -> "idle".equals(kit.mode(account)));
        }
    }
}
