package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.Failure;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.scripted.FakeImap;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Mailboxes of an account that cannot be read. */
class UnreadMailboxTest {
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { loginsPerSecond: 1000 }
            """;

    @Test
    void mailboxes_that_are_refused_do_not_keep_a_check_from_the_others() throws Exception {
        try (FakeImap server = new FakeImap();
                WatchKit kit = new WatchKit(YAML)) {
            server.behave(
                    new FakeImap.Behavior() {
                        @Override
                        public boolean refuses(String command, int times) {
                            return command.equals("EXAMINE") && times <= 2;
                        }
                    });
            kit.start();
            Account account = kit.register(server.port(), "ann", List.of("INBOX", "A", "B"));
            await().until(() -> failure(kit, account) != null);
            assertThat(kit.of(account, EventType.MAILBOX_BASELINE)).hasSize(1);
            assertThat(Objects.requireNonNull(failure(kit, account)).code())
                    .isEqualTo(FailureCode.SERVER_ERROR);
        }
    }

    private static @Nullable Failure failure(WatchKit kit, Account account) {
        return kit.accounts.find(account.id()).orElseThrow().failure();
    }
}
