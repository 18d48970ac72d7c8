package dev.mailbell.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.e2e.Receiver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;

/** What must hold whatever happens to the nodes. */
final class Exactness {
    /**
     * The longest that a take-over may have two sessions of one account, on a machine so busy that
     * a node may have no turn for seconds.
     */
    private static final Duration TAKE_OVER = Duration.ofSeconds(10);

    private static final Duration STEP = Duration.ofMillis(50);

    private final List<Mailbox> mailboxes;
    private final MailTruth mail;
    private final Announcements announcements;
    private final Receiver receiver;
    private final Freezes freezes;
    private final Jdbi jdbi;

    Exactness(
            List<Mailbox> mailboxes,
            MailTruth mail,
            Announcements announcements,
            Receiver receiver,
            Freezes freezes,
            Jdbi jdbi) {
        this.mailboxes = mailboxes;
        this.mail = mail;
        this.announcements = announcements;
        this.receiver = receiver;
        this.freezes = freezes;
        this.jdbi = jdbi;
    }

    /** Puts a message into every mailbox and waits until these are announced; says how long. */
    Duration awaitWatched() {
        long begun = System.nanoTime();
        mailboxes.forEach(mail::deliver);
        // Other mail may come meanwhile.
        Map<Mailbox, Integer> arrived =
                mailboxes.stream().collect(Collectors.toMap(it -> it, mail::arrivals));
        await().pollInterval(STEP).until(() -> missing(arrived).isEmpty());
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    /** The accounts of which fewer messages were announced than have arrived. */
    List<String> missing() {
        return missing(mailboxes.stream().collect(Collectors.toMap(it -> it, mail::arrivals)));
    }

    private List<String> missing(Map<Mailbox, Integer> arrived) {
        List<String> missing = new ArrayList<>();
        arrived.forEach((mailbox, count) -> {
            int announced = announcements.announced(mailbox.account());
            if (announced < count) {
                missing.add("%s: %d of %d".formatted(mailbox.user(), announced, count));
            }
        });
        return missing;
    }

    void assertNothingDoubled() {
        for (Mailbox mailbox : mailboxes) {
            int announced = announcements.announced(mailbox.account());
            assertThat(announced)
                    .as("announced of %s", mailbox.user())
                    .isLessThanOrEqualTo(mail.arrivals(mailbox));
        }
        assertThat(announcements.faults()).isEmpty();
        assertThat(receiver.faults()).isEmpty();
        assertThat(mail.sessions().overlaps(freezes, TAKE_OVER)).isEmpty();
    }

    /** Everything announced is in the database, and the feed has every message once. */
    void assertCommitted() {
        Set<String> announced =
                announcements.ids(
                        mailboxes.stream().map(Mailbox::account).collect(Collectors.toSet()));
        List<String> committed =
                jdbi.withHandle(handle ->
                        handle.createQuery("select id::text from delivery")
                                .mapTo(String.class)
                                .list());
        committed.forEach(announced::remove);
        assertThat(announced).as("announced and not committed").isEmpty();
        for (Mailbox mailbox : mailboxes) {
            int recorded =
                    jdbi.withHandle(handle ->
                            handle.createQuery(
                                            """
                                            select coalesce(sum((payload::json#>>'{data,newCount}')::int), 0)
                                            from event where account_id = ?::uuid and type = 'mail.new'
                                            """)
                                    .bind(0, mailbox.account())
                                    .mapTo(Integer.class)
                                    .one());
            assertThat(recorded)
                    .as("in the feed of %s", mailbox.user())
                    .isEqualTo(mail.arrivals(mailbox));
        }
    }
}
