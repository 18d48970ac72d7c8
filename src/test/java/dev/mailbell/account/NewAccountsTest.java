package dev.mailbell.account;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.network.tls.KeyPin;
import dev.mailbell.network.tls.TlsTrust;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NewAccountsTest {
    private static final Instant NOW = Instant.parse("2026-11-29T07:00:00.123456Z");

    private final Database database = TestDatabase.create();
    private final NewAccounts table = new NewAccounts(database.jdbi());
    private final AccountStore store = new AccountStore(database.jdbi());

    @AfterEach
    void close() {
        database.close();
    }

    private static Account account(@Nullable String ref, List<String> mailboxes) {
        return account(ref, mailboxes, new TlsTrust(true, null, List.of()), null, null);
    }

    private static Account account(
            @Nullable String ref,
            List<String> mailboxes,
            TlsTrust tls,
            @Nullable Boolean push,
            @Nullable Failure failure) {
        return new Account(
                Ids.next(),
                ClientStore.DEFAULT,
                ref,
                "ann@example.org",
                new MailSettings(
                        Protocol.IMAP,
                        "mail.example.org",
                        993,
                        Security.TLS,
                        "ann \"the\\one\"",
                        MailSettings.Auth.PASSWORD,
                        tls,
                        push == null ? null : "elsewhere"),
                new byte[] {0, 1, -1, '\\', '"'},
                null,
                mailboxes,
                new WatchSettings(push, push == null ? null : Duration.ofMinutes(7), push == null),
                Map.of("k\"ey", "va\\lue, {}"),
                failure == null ? AccountState.CONNECTING : AccountState.RETRYING,
                NOW,
                failure,
                null,
                NOW,
                NOW);
    }

    @Test
    void every_column_is_read_as_it_was_given() {
        KeyPin pin = new KeyPin("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        List<Account> given =
                List.of(
                        account(null, List.of("INBOX")),
                        account(
                                "second",
                                List.of("a\"b\\c,{}", "NULL", " blanks ", "Gelöscht", "{}"),
                                new TlsTrust(false, "a\nPEM", List.of(pin, pin)),
                                false,
                                new Failure(FailureCode.TIMEOUT, "it's \"slow\"", NOW, 3)));
        assertThat(table.insert(given)).hasSize(2);
        for (Account account : given) {
            assertThat(store.find(account.id()).orElseThrow())
                    .usingRecursiveComparison()
                    .isEqualTo(account);
            assertThat(mailboxes(account.id()))
                    .containsExactlyInAnyOrderElementsOf(account.mailboxes());
        }
    }

    @Test
    void of_accounts_with_one_ref_the_first_is_added() {
        Account first = account("one", List.of("INBOX"));
        Account second = account("one", List.of("INBOX"));
        Account other = account("other", List.of("INBOX"));
        assertThat(table.insert(List.of(first, second, other)))
                .containsExactlyInAnyOrder(first.id(), other.id());
        assertThat(table.insert(List.of(account("other", List.of("INBOX"))))).isEmpty();
        assertThat(mailboxes(second.id())).isEmpty();
    }

    private List<String> mailboxes(UUID account) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select name from mailbox where account_id = :id")
                                .bind("id", account)
                                .mapTo(String.class)
                                .list());
    }
}
