package dev.mailbell.health;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.config.CanaryConfig;
import dev.mailbell.database.Database;
import dev.mailbell.database.FencedException;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.event.CanaryStatus;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.EventPayloads.LateCanary;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.health.CanaryState.Mail;
import dev.mailbell.health.CanaryState.Miss;
import dev.mailbell.health.CanaryState.Reason;
import dev.mailbell.health.CanaryTable.Announcement;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.smtp.SendFailure;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The canary: mails itself and measures how soon the mail is announced. The node that watches the
 * account of the canary runs it; its state is a row, so that it goes on where it was when the
 * account moves. While the account cannot receive mail none is sent, and after misses mails become
 * rare. For one thread; {@link #status} is for many.
 */
final class Canary {
    private static final Logger LOG = LoggerFactory.getLogger(Canary.class);

    /** What the subjects of all its mails begin with, so that a rule can remove old ones. */
    static final String SUBJECT = "Mailbell canary ";

    private static final String LATE = "the canary's mail is late";

    private static final String TEXT =
            """
            This mail measures how soon Mailbell announces new mail. Nobody needs to read it.

            Mailbell changes no mailbox, so it does not delete this mail: let a rule of the mail server
            remove mails from this sender that are older than a day.
            """;

    private final Supplier<CanaryConfig> config;
    private final Jdbi jdbi;
    private final CanaryTable table;
    private final AccountStore accounts;
    private final Ownership ownership;
    private final Outbox outbox;
    private final CanaryPost post;
    private final InstantSource clock;
    private final Consumer<Duration> measured;

    /** The state of the row; null where this node does not run the canary. */
    private volatile @Nullable CanaryState state;

    /** The fence under which the row was read; null when it is to be read again. */
    private @Nullable ShardFence fence;

    /** Hands a mail to the mail server. */
    @FunctionalInterface
    interface CanaryPost {
        /**
         * @throws MailFailure when it did not take the mail
         */
        void send(CanaryConfig config, String to, String subject, String text);
    }

    /**
     * @param measured gets the time of each mail that was announced
     */
    Canary(
            Supplier<CanaryConfig> config,
            Jdbi jdbi,
            Ownership ownership,
            Outbox outbox,
            CanaryPost post,
            InstantSource clock,
            Consumer<Duration> measured) {
        this.config = config;
        this.jdbi = jdbi;
        this.table = new CanaryTable(jdbi);
        this.accounts = new AccountStore(jdbi);
        this.ownership = ownership;
        this.outbox = outbox;
        this.post = post;
        this.clock = clock;
        this.measured = measured;
    }

    /** The state; empty where this node does not run the canary. */
    Optional<CanaryState> status() {
        return Optional.ofNullable(state);
    }

    /**
     * One text after three misses in a row; empty otherwise, and on other nodes. Everybody may see
     * it: the event and the log say why.
     */
    List<String> late() {
        CanaryState known = state;
        return known != null && known.isLate() ? List.of(LATE) : List.of();
    }

    /** How the canary is, also where another node runs it; empty where none is configured. */
    Optional<CanaryStatus> stored() {
        UUID account = config.get().account();
        return account == null ? Optional.empty() : Optional.of(row(account).status());
    }

    /** The row of this account, or the state before its first mail. */
    private CanaryState row(UUID account) {
        return table.read()
                .filter(row -> row.account().equals(account))
                .orElseGet(() -> CanaryState.first(account, time()));
    }

    /** Does what is due; called each second. */
    void tick() {
        CanaryConfig now = config.get();
        UUID account = now.account();
        if (account == null || !ownership.mayBegin(Account.shardOf(account))) {
            forget();
            return;
        }
        try {
            run(now, account);
        } catch (FencedException lost) {
            forget();
        } catch (RuntimeException e) {
            // What was written is not known: the row is.
            forget();
            if (!Database.isAway(e)) {
                throw e;
            }
            LOG.debug("The canary waits for the database");
        }
    }

    private void forget() {
        state = null;
        fence = null;
    }

    private void run(CanaryConfig now, UUID account) {
        ShardFence current = ownership.fence(Account.shardOf(account));
        CanaryState known = state;
        if (known == null || !current.equals(fence) || !known.account().equals(account)) {
            known = row(account);
            fence = current;
            state = known;
        }
        Mail mail = known.mail();
        if (mail != null) {
            Optional<Announcement> found = announcement(account, mail);
            if (found.isPresent()) {
                announced(known.announced(mail, found.get().at(), now.interval()), current);
                return;
            }
        }
        if (!time().isBefore(known.nextAt())) {
            next(known, now, current);
        }
    }

    private Instant time() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    /** The first event with the mail. An event without its subject may be of an earlier mail. */
    private Optional<Announcement> announcement(UUID account, Mail mail) {
        return table.since(account, mail.sentAt()).stream()
                .filter(event -> event.payload().contains(mail.token()))
                .findFirst();
    }

    private void announced(CanaryState next, ShardFence current) {
        CanaryState before = state;
        write(next, current);
        Duration took = next.took();
        if (took != null) {
            measured.accept(took);
        }
        if (before != null && before.miss() != null) {
            LOG.info("A mail of the canary was announced again, {} after it was accepted", took);
        }
    }

    /** The next mail is due: the one before, if there is one, was not announced in time. */
    private void next(CanaryState known, CanaryConfig now, ShardFence current) {
        Optional<Account> account = accounts.find(known.account());
        Optional<Miss> unavailable =
                CanaryAccount.unavailable(known.account(), account.orElse(null));
        if (unavailable.isPresent() || account.isEmpty()) {
            write(known.missed(unavailable.orElseThrow(), time(), now.interval()), current);
            return;
        }
        Mail before = known.mail();
        boolean missed = before != null;
        CanaryState base =
                before == null ? known : known.missed(late(before), time(), now.interval());
        Mail mail = new Mail(Ids.next().toString(), time(), null);
        // Before the mail is sent: a crash in between must not send it again and again.
        CanaryState sending = write(base.sending(mail, now.interval()), current);
        Optional<String> refused = send(now, account.get().address(), mail);
        if (refused.isEmpty()) {
            write(sending.accepted(mail, time()), current);
            return;
        }
        Miss miss =
                new Miss(Reason.NOT_SENT, "canary.smtp did not take the mail: " + refused.get());
        write(
                missed
                        ? sending.missedAgain(miss, time(), now.interval())
                        : sending.missed(miss, time(), now.interval()),
                current);
    }

    /** Why the mail server did not take the mail; empty when it did, or may have. */
    private Optional<String> send(CanaryConfig now, String to, Mail mail) {
        try {
            post.send(now, to, SUBJECT + mail.token(), TEXT);
            return Optional.empty();
        } catch (SendFailure e) {
            return e.isMaybeAccepted() ? Optional.empty() : Optional.of(e.reason());
        } catch (MailFailure e) {
            return Optional.of(e.reason());
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static Miss late(Mail mail) {
        return new Miss(
                Reason.NOT_ANNOUNCED,
                "the mail sent at " + mail.sentAt() + " was not announced until the next was due");
    }

    /**
     * Writes the row, with the event when it is late for the first time.
     *
     * @return the state as it is written
     */
    private CanaryState write(CanaryState next, ShardFence current) {
        boolean announces = next.isLate() && !next.lateAnnounced();
        CanaryState written = announces ? next.withLateAnnounced() : next;
        Optional<Outbox.Pending> pending =
                jdbi.inTransaction(handle -> {
                    CanaryTable.write(handle.getConnection(), written, current);
                    return announces
                            ? Optional.of(outbox.add(handle.getConnection(), event(next)))
                            : Optional.<Outbox.Pending>empty();
                });
        pending.ifPresent(Outbox.Pending::committed);
        log(written, announces);
        state = written;
        return written;
    }

    /** Logged is the first miss, and the one that is announced. */
    private void log(CanaryState next, boolean announces) {
        Miss miss = next.miss();
        CanaryState before = state;
        boolean first = miss != null && (before == null || before.miss() == null);
        if (miss != null && (first || announces)) {
            LOG.warn("The canary, {} in a row: {}", next.misses(), miss.problem());
        }
    }

    private NewEvent event(CanaryState late) {
        Miss miss = late.miss();
        Instant now = time();
        String payload =
                EventPayloads.canaryLate(
                        new LateCanary(
                                late.account(),
                                miss == null ? "" : miss.reason().name().toLowerCase(Locale.ROOT),
                                miss == null ? "" : miss.problem(),
                                late.misses(),
                                late.announcedAt()),
                        now);
        Event event =
                new Event(
                        Ids.next(),
                        ClientStore.OPERATOR,
                        late.account(),
                        EventType.CANARY_LATE,
                        now,
                        payload);
        return new NewEvent(event, null, Account.shardOf(late.account()), Map.of(), null);
    }
}
