package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.scripted.FakeImap;
import org.junit.jupiter.api.Test;

/** The database fails over to a standby that did not get the last transactions. */
class FailedOverTest {
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { loginsPerSecond: 1000, imap: { push: false } }
            """;

    private static void run(WatchKit kit, String... statements) {
        kit.database
                .jdbi()
                .useTransaction(handle -> {
                    for (String statement : statements) {
                        handle.execute(statement);
                    }
                });
    }

    @Test
    void mail_whose_record_was_lost_is_announced_again() throws Exception {
        try (FakeImap server = new FakeImap();
                WatchKit kit = new WatchKit(YAML)) {
            kit.start();
            Account account = kit.register(server.port(), "ann");
            await().until(() -> kit.of(account, EventType.MAILBOX_BASELINE).size() == 1);
            run(kit, "create table replicated as select * from mailbox");
            server.deliver("ann");
            kit.check(account);
            assertThat(kit.announced(account)).isEqualTo(1);

            run(
                    kit,
                    "delete from mailbox",
                    "insert into mailbox select * from replicated",
                    "delete from event where type = 'mail.new'");
            kit.watch().mayHaveFailedOver();
            kit.check(account);
            assertThat(kit.announced(account)).isEqualTo(1);
            kit.check(account);
            server.deliver("ann");
            kit.check(account);
            assertThat(kit.announced(account)).isEqualTo(2);
        }
    }

    @Test
    void an_account_whose_registration_was_lost_is_not_watched_any_more() throws Exception {
        try (FakeImap server = new FakeImap();
                WatchKit kit = new WatchKit(YAML)) {
            kit.start();
            Account account = kit.register(server.port(), "ann");
            await().until(() -> kit.of(account, EventType.MAILBOX_BASELINE).size() == 1);
            run(kit, "delete from account");
            kit.watch().mayHaveFailedOver();
            assertThat(kit.watch().live(account.id())).isEmpty();
        }
    }

    @Test
    void a_state_whose_record_was_lost_is_written_and_announced_again() throws Exception {
        try (FakeImap server = new FakeImap();
                WatchKit kit = new WatchKit(YAML)) {
            kit.start();
            Account account = kit.register(server.port(), "ann");
            await().until(() -> kit.of(account, EventType.ACCOUNT_CONNECTED).size() == 1);
            run(
                    kit,
                    "update account set state = 'connecting'",
                    "delete from event where type = 'account.connected'");
            kit.watch().mayHaveFailedOver();
            kit.check(account);
            assertThat(kit.accounts.find(account.id()).orElseThrow().state())
                    .isEqualTo(AccountState.WATCHING);
            assertThat(kit.of(account, EventType.ACCOUNT_CONNECTED)).hasSize(1);
        }
    }
}
