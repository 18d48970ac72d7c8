package dev.mailbell.watch.check;

import dev.mailbell.account.Account;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.database.FencedException;
import dev.mailbell.detection.Change;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.Mark;
import dev.mailbell.detection.Observation;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.MailSession;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.record.CredentialResolver;
import dev.mailbell.watch.record.DatabasePermits;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One check of an account: observes each mailbox, compares it with its mark, records the change.
 */
public final class AccountChecker {
    private static final Logger LOG = LoggerFactory.getLogger(AccountChecker.class);

    /** Attempts where a position or another node changes the mailbox in the table meanwhile. */
    private static final int TRIES = 3;

    private final MailServers servers;
    private final CredentialResolver credentials;
    private final MailboxStore mailboxes;
    private final DatabasePermits database;
    private final CheckMeters meters;
    private final FencedRecorder recorder;

    public AccountChecker(
            MailServers servers,
            CredentialResolver credentials,
            MailboxStore mailboxes,
            DatabasePermits database,
            CheckMeters meters,
            FencedRecorder recorder) {
        this.database = database;
        this.meters = meters;
        this.servers = servers;
        this.credentials = credentials;
        this.mailboxes = mailboxes;
        this.recorder = recorder;
    }

    /**
     * What a check found.
     *
     * @param missing mailboxes that the server does not have, while it has at least one of the
     *     account
     */
    public record CheckResult(
            List<CheckedMailbox> checked, List<String> missing, Optional<Duration> loginDelay) {

        /** How many messages were new, {@link Integer#MAX_VALUE} at most. */
        int newMail() {
            return (int)
                    Math.min(
                            Integer.MAX_VALUE,
                            checked.stream().mapToLong(CheckedMailbox::newCount).sum());
        }

        /** Whether there was new mail. */
        boolean foundMail() {
            return checked.stream().anyMatch(mailbox -> mailbox.newCount() > 0);
        }
    }

    /** A client's new position in one mailbox, which is applied by a check. */
    public record PositionIn(String mailbox, PositionUpdate update) {}

    /**
     * Connects and logs in.
     *
     * @throws MailFailure when that failed
     * @throws FencedException when another node may watch the account
     */
    MailSession open(Account account, Deadline deadline) {
        recorder.requireMayBegin(account);
        try {
            return servers.open(credentials.of(account, deadline), deadline);
        } catch (MailFailure failure) {
            credentials.refused(account, failure);
            throw failure;
        }
    }

    /** The failure without the account's secrets, which the mail server may repeat. */
    MailFailure redacted(WatchedAccount watched, MailFailure failure) {
        return credentials.redacted(watched.account(), failure);
    }

    /**
     * Checks mailboxes of the account, in this order. The caller holds the account's lock.
     *
     * @param position what the client says of its position in the one mailbox that is checked
     * @throws MailFailure when the server cannot be read; when every mailbox is missing; when one
     *     is refused, after the others were checked
     * @throws dev.mailbell.detection.PositionRefusedException when the mailbox does not have the
     *     position
     */
    CheckResult check(
            WatchedAccount watched,
            MailSession session,
            List<String> names,
            String source,
            @Nullable PositionUpdate position) {
        recorder.requireMayBegin(watched.account());
        load(watched);
        List<CheckedMailbox> checked = new ArrayList<>();
        MailboxFailures failures = new MailboxFailures();
        for (String name : names) {
            try {
                checked.add(checkMailbox(session, watched, name, source, position));
            } catch (MailFailure failure) {
                failures.take(name, failure);
            }
        }
        failures.throwUnlessPartial(!checked.isEmpty());
        return new CheckResult(checked, failures.missing(), session.loginDelay());
    }

    private void load(WatchedAccount watched) {
        watched.forgetMarksThatMayDiffer();
        if (watched.mailboxes().isEmpty()) {
            for (Mailbox mailbox : database.through(() -> mailboxes.list(watched.account().id()))) {
                watched.mailboxes().put(mailbox.name(), mailbox);
            }
        }
    }

    private CheckedMailbox checkMailbox(
            MailSession session,
            WatchedAccount watched,
            String name,
            String source,
            @Nullable PositionUpdate update) {
        Account account = watched.account();
        for (int attempt = 0; attempt < TRIES; attempt++) {
            Mailbox before = watched.mailboxes().get(name);
            if (before == null) {
                throw new NotWatchedException();
            }
            MailboxState state = before.state();
            Observation seen = session.observe(request(watched, before, update));
            session.proof()
                    .ifPresent(proof -> {
                        watched.proofUsed(proof);
                        meters.proved(proof);
                    });
            Supplier<KnownMessages> known = known(account, name, state.mark());
            Change change = state.after(seen, update, known);
            List<Envelope> envelopes =
                    account.watch().envelopes() && !change.newest().isEmpty()
                            ? session.envelopes(change.newest())
                            : List.of();
            Optional<Mailbox> after =
                    recorder.record(watched, before, change, known, envelopes, source);
            if (after.isPresent()) {
                watched.mailboxes().put(name, after.get());
                measureArrival(session, change, after.get());
                return checked(name, change);
            }
            // The row has changed: what was seen must be compared with what is in it now.
            watched.mailboxes().clear();
            load(watched);
        }
        throw new IllegalStateException(
                "mailbox "
                        + name
                        + " of account "
                        + account.id()
                        + " was changed in the table at every attempt");
    }

    /** After the commit, and rarely: it must not delay any mail. */
    private void measureArrival(MailSession session, Change change, Mailbox after) {
        Instant recorded = after.lastCheckedAt();
        if (change.kind() != Change.Kind.NEW
                || change.newest().isEmpty()
                || recorded == null
                || !meters.wantsArrival()) {
            return;
        }
        try {
            session.arrivedAt(change.newest().getLast())
                    .ifPresent(arrived -> meters.arrived(Duration.between(arrived, recorded)));
        } catch (MailFailure failure) {
            LOG.debug(
                    "The time at which a message arrived is not known: {}",
                    failure.code().wireName());
        }
    }

    private static CheckRequest request(
            WatchedAccount watched, Mailbox before, @Nullable PositionUpdate update) {
        MailboxState state = before.state();
        Mark mark = state.mark();
        Instant lastCheck =
                watched.status().lastCheckedAt() != null
                        ? watched.status().lastCheckedAt()
                        : watched.account().lastCheckedAt();
        Instant own = before.lastCheckedAt();
        if (own != null
                && (state.sawOlderMailbox() || lastCheck == null || own.isAfter(lastCheck))) {
            // What came while the server showed an older view is new as well. The account's own
            // time is earlier where checks fail because another mailbox is refused.
            lastCheck = own;
        }
        // The cheap proofs do not suffice for a position, nor where the pending count is unknown.
        boolean pendingUnknown = state.client() != null && state.pending() == null;
        return new CheckRequest(
                before.name(),
                mark,
                state.searchFrom(update),
                update != null || pendingUnknown || state.needsExhaustiveCheck(),
                lastCheck);
    }

    /** Reads the messages known of a POP3 maildrop once, when they are first asked for. */
    private Supplier<KnownMessages> known(Account account, String name, @Nullable Mark mark) {
        return new Supplier<>() {
            private @Nullable KnownMessages messages;

            @Override
            public KnownMessages get() {
                if (messages == null) {
                    messages =
                            mark == null
                                    ? KnownMessages.none()
                                    : database.through(() -> mailboxes.known(account.id(), name));
                }
                return messages;
            }
        };
    }

    private static CheckedMailbox checked(String name, Change change) {
        Mark mark = change.next().mark();
        return new CheckedMailbox(
                name,
                change.kind() == Change.Kind.NEW || change.kind() == Change.Kind.RESET
                        ? change.newCount()
                        : 0,
                change.next().pending(),
                mark == null ? 0 : mark.total(),
                change.kind() == Change.Kind.RESET,
                change.approximate());
    }

    /** Moves a position without a check; empty where the position needs a check. */
    public Optional<Mailbox> reposition(
            WatchedAccount watched, String name, PositionUpdate update, Observation unchanged) {
        recorder.requireMayBegin(watched.account());
        load(watched);
        Mailbox before = watched.mailboxes().get(name);
        if (before == null || before.state().mark() == null) {
            return Optional.empty();
        }
        Supplier<KnownMessages> known = known(watched.account(), name, before.state().mark());
        Change change = before.state().after(unchanged, update, known);
        Optional<Mailbox> after =
                recorder.record(watched, before, change, known, List.of(), "position");
        if (after.isEmpty()) {
            watched.mailboxes().clear();
        }
        after.ifPresent(mailbox -> watched.mailboxes().put(name, mailbox));
        return after;
    }
}
