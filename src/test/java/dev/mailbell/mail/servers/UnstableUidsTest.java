package dev.mailbell.mail.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.imap.ImapSession;
import dev.mailbell.mail.imap.ImapSessions;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Servers that make up UIDVALIDITY or UIDs at each opening of a mailbox. */
class UnstableUidsTest {
    private static final Loopback LOOPBACK = new Loopback();

    /** A login at imap4d takes a third of a second; {@code -Dmailbell.steps=20000} is long. */
    private static final int SLOW_STEPS = Math.max(40, HistoryCheck.STEPS / 5);

    private final Instant longAgo = Instant.now().minus(Duration.ofHours(1));

    private final ImapSessions sessions = new ImapSessions(LOOPBACK.connector());
    private final TrackedMailbox inbox = new TrackedMailbox(RealMailbox.INBOX, ImapState.UNSEEN);

    @AfterAll
    static void close() {
        LOOPBACK.close();
    }

    private Change check(RealMailServer server, RealMailbox mail) {
        try (MailSession session =
                sessions.open(
                        HistoryCheck.login(server, Protocol.IMAP, mail.user()),
                        Deadline.after(HistoryCheck.PATIENCE))) {
            return inbox.check(session);
        }
    }

    @Test
    void courier_before_any_mail_program_opened_the_mailbox_counts_each_arrival_once() {
        Courier courier = Courier.shared();
        eachArrivalIsCountedOnce(courier, courier.userWithoutMailProgram());
    }

    @Test
    void mailutils_counts_each_arrival_once_though_each_session_has_its_own_uidvalidity() {
        RealMailServer mailutils = Mailutils.shared();
        eachArrivalIsCountedOnce(mailutils, mailutils.freshUser());
    }

    private void eachArrivalIsCountedOnce(RealMailServer server, RealMailbox mail) {
        mail.deliver(RealMailbox.INBOX, 5, longAgo);
        List<Change> changes = new ArrayList<>();
        assertThat(check(server, mail).newCount()).isZero();
        for (int i = 0; i < 4; i++) {
            mail.deliver(RealMailbox.INBOX, 1, longAgo);
            awaitAnotherSecond();
            changes.add(check(server, mail));
            // Without new mail no check counts any.
            changes.add(check(server, mail));
        }
        assertThat(changes.stream().mapToInt(Change::newCount).sum()).isEqualTo(4);
        assertThat(changes.stream().filter(change -> change.kind() == Kind.RESET))
                .hasSizeLessThanOrEqualTo(1);
    }

    /** The servers take UIDVALIDITY from the clock. */
    private static void awaitAnotherSecond() {
        long second = Instant.now().getEpochSecond();
        await().until(() -> Instant.now().getEpochSecond() > second);
    }

    @Test
    void mailutils_reads_uids_of_a_search_as_positions_and_nothing_is_lost() {
        RealMailServer mailutils = Mailutils.shared();
        RealMailbox mail = mailutils.freshUser();
        mail.deliver(RealMailbox.INBOX, 4, longAgo);
        try (ImapClient client =
                new ImapClient(mailutils, mailutils.port(Protocol.IMAP), mail.user())) {
            client.command("SELECT INBOX");
            client.command("STORE 1:3 +FLAGS (\\Deleted)");
            client.command("EXPUNGE");
        }
        assertThat(check(mailutils, mail).newCount()).isZero();
        mail.deliver(RealMailbox.INBOX, 6, Instant.now());
        assertThat(check(mailutils, mail).newCount()).isEqualTo(6);
    }

    @Test
    void courier_gives_the_uid_of_a_message_that_is_gone_to_the_next_and_that_one_is_counted() {
        RealMailServer courier = Courier.shared();
        RealMailbox mail = courier.freshUser();
        mail.deliver(RealMailbox.INBOX, 4, longAgo);
        mail.openForWriting(RealMailbox.INBOX);
        assertThat(check(courier, mail).newCount()).isZero();
        mail.deliver(RealMailbox.INBOX, 3, longAgo);
        assertThat(check(courier, mail).newCount()).isEqualTo(3);
        mail.remove(RealMailbox.INBOX, mail.messages(RealMailbox.INBOX).get(4));
        mail.deliver(RealMailbox.INBOX, 1, longAgo);
        assertThat(check(courier, mail).newCount()).isEqualTo(1);
    }

    @Test
    void courier_reports_no_replaced_message_to_a_kept_session_and_the_next_check_counts_it() {
        RealMailServer courier = Courier.shared();
        RealMailbox mail = courier.freshUser();
        mail.deliver(RealMailbox.INBOX, 4, longAgo);
        try (ImapSession session =
                sessions.open(
                        HistoryCheck.login(courier, Protocol.IMAP, mail.user()),
                        Deadline.after(HistoryCheck.PATIENCE))) {
            session.push(List.of(RealMailbox.INBOX));
            inbox.check(session);
            for (int i = 0; i < 3; i++) {
                mail.remove(RealMailbox.INBOX, mail.messages(RealMailbox.INBOX).getFirst());
                mail.deliver(RealMailbox.INBOX, 1, longAgo);
                assertThat(inbox.check(session).newCount()).isEqualTo(1);
                assertThat(inbox.check(session).newCount()).isZero();
            }
        }
    }

    @Test
    void a_position_by_uid_holds_on_courier_while_its_uidvalidity_does() {
        RealMailServer courier = Courier.shared();
        RealMailbox mail = courier.freshUser();
        mail.deliver(RealMailbox.INBOX, 4, longAgo);
        mail.openForWriting(RealMailbox.INBOX);
        check(courier, mail);
        mail.deliver(RealMailbox.INBOX, 3, longAgo);
        mail.openForWriting(RealMailbox.INBOX);
        mail.remove(RealMailbox.INBOX, mail.messages(RealMailbox.INBOX).get(1));
        try (MailSession session =
                sessions.open(
                        HistoryCheck.login(courier, Protocol.IMAP, mail.user()),
                        Deadline.after(HistoryCheck.PATIENCE))) {
            Change change = inbox.check(session, new PositionUpdate.UpTo("5", null, false));
            assertThat(change.newCount()).isEqualTo(2);
            assertThat(change.next().pending()).isEqualTo(2);
            assertThat(change.newest()).containsExactly(6L, 7L);
        }
        mail.remove(RealMailbox.INBOX, mail.messages(RealMailbox.INBOX).getLast());
        assertThat(check(courier, mail).next().pending()).isEqualTo(1);
    }

    @Test
    void mailutils_counts_what_came_over_a_history_of_arrivals_and_removals() {
        RealMailServer mailutils = Mailutils.shared();
        follow(SLOW_STEPS, mailutils, mailutils.freshUser());
    }

    /** No mail program opens it for writing: Courier gives its UIDs anew at each check. */
    @Test
    void courier_counts_what_came_over_a_history_that_no_mail_program_opens() {
        Courier courier = Courier.shared();
        follow(HistoryCheck.STEPS, courier, courier.userWithoutMailProgram());
    }

    private void follow(int steps, RealMailServer server, RealMailbox mail) {
        HistoryCheck.steps(
                steps,
                server,
                mail,
                Protocol.IMAP,
                sessions,
                List.of(RealMailbox.INBOX, mail.folder()),
                ImapState.UNSEEN);
    }
}
