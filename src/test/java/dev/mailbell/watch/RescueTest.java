package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.MailSettings;
import dev.mailbell.account.WatchSettings;
import dev.mailbell.client.ClientStore;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

class RescueTest {
    private final Timetable<AccountWatch> timetable = new Timetable<>(() -> 0);
    private final Rescue rescue = new Rescue(timetable);
    private final AccountWatch watch =
            new AccountWatch(account(), new ReentrantLock(true), () -> 0);

    private static Account account() {
        Instant now = Instant.EPOCH;
        MailSettings mail =
                new MailSettings(
                        Protocol.IMAP,
                        "imap.example.org",
                        993,
                        Security.TLS,
                        "ann@example.org",
                        MailSettings.Auth.PASSWORD,
                        true,
                        null);
        return new Account(
                Ids.next(),
                ClientStore.DEFAULT,
                null,
                "ann@example.org",
                mail,
                new byte[] {1},
                List.of("INBOX"),
                new WatchSettings(null, null, false),
                Map.of(),
                AccountState.WATCHING,
                now,
                null,
                null,
                now,
                now);
    }

    private boolean isDue() {
        return timetable.dueIn(watch.slot()) <= 0;
    }

    @Test
    void who_seems_forgotten_twice_is_looked_at() {
        rescue.round(List.of(watch));
        assertThat(isDue()).isFalse();
        rescue.round(List.of(watch));
        assertThat(isDue()).isTrue();
    }

    @Test
    void who_was_about_to_be_looked_at_each_time_is_not() {
        for (int i = 0; i < 5; i++) {
            rescue.round(List.of(watch));
            assertThat(isDue()).isFalse();
            watch.lookBegins(0);
        }
    }

    @Test
    void who_is_looked_at_or_has_a_next_look_is_not() {
        watch.looking().lock();
        rescue.round(List.of(watch));
        rescue.round(List.of(watch));
        watch.looking().unlock();
        assertThat(isDue()).isFalse();
        timetable.schedule(watch.slot(), 1_000);
        rescue.round(List.of(watch));
        rescue.round(List.of(watch));
        assertThat(timetable.dueIn(watch.slot())).isEqualTo(1_000);
    }
}
