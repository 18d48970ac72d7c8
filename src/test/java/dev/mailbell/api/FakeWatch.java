package dev.mailbell.api;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.detection.Position;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.transcript.TranscriptLine;
import dev.mailbell.mail.transcript.TranscriptLine.Speaker;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.Watch;
import dev.mailbell.watch.check.CheckedMailbox;
import dev.mailbell.watch.history.PastCheck;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A watch without mail servers: it records its calls and returns prepared answers. */
public final class FakeWatch implements Watch {
    /** The host at which every login fails. */
    public static final String FAILING_HOST = "fails.example.org";

    public final Map<UUID, Account> watched = new ConcurrentHashMap<>();
    public final Map<UUID, PositionUpdate> positions = new ConcurrentHashMap<>();

    /** The accounts of which a change was reported. */
    public final List<UUID> changed = new CopyOnWriteArrayList<>();

    /** How often any account may have changed. */
    public final AtomicInteger allChanged = new AtomicInteger();

    /** How often the database may have failed over. */
    public final AtomicInteger failovers = new AtomicInteger();

    /** How many checks, positions and logins were asked for here. */
    public final AtomicInteger commands = new AtomicInteger();

    /** Runs at each of them; may throw. */
    public volatile Runnable command = () -> {};

    /** The deadline of the last check. */
    public volatile @Nullable Deadline deadlineGiven;

    /** Gets the mailbox that a position leads to. */
    public volatile Consumer<Mailbox> positioned = mailbox -> {};

    /** The failure of the next checks; null for success. */
    public volatile @Nullable MailFailure failure;

    /** How every account is watched. */
    public volatile Live live =
            new Live(null, null, null, Instant.parse("2026-11-21T00:00:00Z"), null);

    /** The dialogue of traces from now on; empty for a short one. */
    public volatile List<TranscriptLine> dialogue = List.of();

    /** What servers say in traces. */
    public volatile String hostile = "* OK";

    /** How the latest checks of every account went. */
    public volatile List<PastCheck> past = List.of();

    /** The secret of the last verify. */
    public volatile @Nullable LoginSecret verifiedSecret;

    @Override
    public void watch(Account account) {
        watched.put(account.id(), account);
    }

    @Override
    public void watchNew(List<Account> registered) {
        registered.forEach(this::watch);
    }

    @Override
    public void forgetClient(UUID clientId) {
        watched.values().removeIf(account -> account.clientId().equals(clientId));
    }

    @Override
    public void changed(Collection<UUID> accountIds) {
        changed.addAll(accountIds);
    }

    @Override
    public void allChanged() {
        allChanged.incrementAndGet();
    }

    @Override
    public void mayHaveFailedOver() {
        failovers.incrementAndGet();
    }

    @Override
    public void forget(UUID accountId) {
        watched.remove(accountId);
    }

    @Override
    public Deadline deadline() {
        return Deadline.after(Duration.ofSeconds(30));
    }

    @Override
    public List<CheckedMailbox> check(Account account, Deadline deadline) {
        throwIfFailing();
        deadlineGiven = deadline;
        count();
        return List.of(new CheckedMailbox("INBOX", 2, null, 33, false, false));
    }

    @Override
    public Traced trace(Account account, boolean anew, Deadline deadline) {
        deadlineGiven = deadline;
        count();
        MailFailure fails = failure;
        boolean real = !dialogue.isEmpty();
        Instant began = real ? Instant.now() : Instant.parse("2026-11-20T23:59:07.123Z");
        List<TranscriptLine> lines =
                real
                        ? dialogue
                        : List.of(
                                new TranscriptLine(
                                        0, Speaker.NOTE, anew ? "connects anew" : "goes on"),
                                new TranscriptLine(2, Speaker.SERVER, hostile + " ready"),
                                new TranscriptLine(3, Speaker.CLIENT, "A0 NOOP"));
        return fails == null
                ? new Traced(
                        began,
                        12,
                        List.of(new CheckedMailbox("INBOX", 2, null, 33, false, false)),
                        null,
                        null,
                        lines,
                        0)
                : new Traced(began, 12, List.of(), fails.code(), fails.reason(), lines, 7);
    }

    @Override
    public List<PastCheck> pastChecks(UUID accountId) {
        count();
        return past;
    }

    @Override
    public Mailbox position(
            Account account, String mailbox, PositionUpdate update, Deadline deadline) {
        throwIfFailing();
        positions.put(account.id(), update);
        count();
        MailboxState state =
                account.mail().protocol() == Protocol.IMAP
                        ? new ImapState(new ImapMark(1, 40, 31, 39), new Position(27, "30", 1L), 4)
                        : new Pop3State(
                                new Pop3Mark(31, 9_000, "a", "z", false),
                                new Position(27, "y", null),
                                4);
        Mailbox recorded =
                new Mailbox(
                        account.id(), mailbox, 2, state, Instant.parse("2026-11-20T23:59:07.123Z"));
        positioned.accept(recorded);
        return recorded;
    }

    @Override
    public Verified verify(Account account, LoginSecret secret, Deadline deadline) {
        verifiedSecret = secret;
        count();
        if (account.mail().host().equals(FAILING_HOST)) {
            return new Verified.Fails(FailureCode.AUTH_FAILED, "the server said no");
        }
        MailFailure fails = failure;
        return fails != null
                ? new Verified.Fails(fails.code(), String.valueOf(fails.getMessage()))
                : new Verified.Works(
                        12,
                        List.of("IMAP4REV1", "IDLE"),
                        List.of(new Verified.SeenMailbox("INBOX", 33, 1_713_632_002_544L)),
                        List.of());
    }

    @Override
    public Optional<Live> live(UUID accountId) {
        return watched.containsKey(accountId) ? Optional.of(live) : Optional.empty();
    }

    private void count() {
        commands.incrementAndGet();
        command.run();
    }

    private void throwIfFailing() {
        MailFailure fails = failure;
        if (fails != null) {
            throw new MailFailure(fails.code(), String.valueOf(fails.getMessage()));
        }
    }

    public void fail(FailureCode code, String message) {
        failure = new MailFailure(code, message);
    }
}
