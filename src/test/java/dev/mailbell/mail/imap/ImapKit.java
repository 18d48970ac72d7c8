package dev.mailbell.mail.imap;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapObservation;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.mail.scripted.TestTls;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Sessions against servers on loopback. */
public final class ImapKit {
    public static final String USER = "ann@mail.example";
    static final String PASSWORD = "s3cret-word";

    /** Only a failing test reaches it. */
    public static final Duration LONG = Duration.ofMinutes(3);

    private static final Duration DONE_TAKEN = Duration.ofSeconds(60);

    /**
     * The dialogue up to the authenticated state of a server that offers every extension in use.
     */
    public static final String MODERN =
            """
            S: * OK [CAPABILITY IMAP4rev1 ID SASL-IR LITERAL+ AUTH=PLAIN AUTH=XOAUTH2] ready
            C: {tag} ID ("name" "Mailbell" "version" "{*}")
            S: * ID NIL
            S: {tag} OK done
            C: {tag} LOGIN ann@mail.example s3cret-word
            S: {tag} OK [CAPABILITY IMAP4rev1 ID UNSELECT ESEARCH UIDPLUS LITERAL+] in
            """;

    /** The dialogue up to the authenticated state of a server that only supports RFC 3501. */
    public static final String OLD =
            """
            S: * OK ready
            C: {tag} CAPABILITY
            S: * CAPABILITY IMAP4rev1
            S: {tag} OK done
            C: {tag} LOGIN ann@mail.example s3cret-word
            S: {tag} OK in
            C: {tag} CAPABILITY
            S: * CAPABILITY IMAP4rev1
            S: {tag} OK done
            """;

    public static final String GOODBYE =
            """
            C: {tag} LOGOUT
            S: * BYE see you
            S: {tag} OK done
            """;

    /** Something to close that does not fail. */
    interface Closing extends AutoCloseable {
        @Override
        void close();
    }

    private static final Loopback LOOPBACK = new Loopback();

    private ImapKit() {}

    public static ImapSessions sessions() {
        return sessions(Duration.ZERO);
    }

    /**
     * @param tick how long to wait before a changed UIDVALIDITY is read again
     */
    static ImapSessions sessions(Duration tick) {
        // No test depends on when an hour begins.
        return sessions(tick, () -> Instant.EPOCH);
    }

    static ImapSessions sessions(Duration tick, InstantSource clock) {
        return new ImapSessions(
                LOOPBACK.connector(), ImapSessions.BYTE_BUDGET, DONE_TAKEN, tick, clock);
    }

    public static Login login(int port, Security security, String user, Credential credential) {
        return new Login(
                Protocol.IMAP,
                "127.0.0.1",
                port,
                security,
                user,
                credential,
                true,
                TestTls.caPem());
    }

    static Login login(int port) {
        return login(port, Security.NONE, USER, new Credential.Password(PASSWORD));
    }

    static ImapSession open(ScriptedServer server) {
        return sessions().open(login(server.port()), Deadline.after(LONG));
    }

    /** Plays a script to one session and returns the result of its use. */
    public static <T> T playing(String script, Function<ImapSession, T> use) throws IOException {
        try (ScriptedServer server = ScriptedServer.playing(script)) {
            try (ImapSession session = open(server)) {
                return use.apply(session);
            }
        }
    }

    /** Plays a script to one session, which must fail at its opening or at its use. */
    public static MailFailure failing(String script, Function<ImapSession, Object> use)
            throws IOException {
        return failing(script, LONG, use);
    }

    static MailFailure failing(String script, Duration time, Function<ImapSession, Object> use)
            throws IOException {
        try (ScriptedServer server = ScriptedServer.playing(script)) {
            return Objects.requireNonNull(
                    catchThrowableOfType(
                            MailFailure.class,
                            () -> {
                                try (ImapSession session =
                                        sessions()
                                                .open(login(server.port()), Deadline.after(time))) {
                                    use.apply(session);
                                }
                            }),
                    "nothing failed");
        }
    }

    static CheckRequest check(String mailbox, @Nullable ImapMark mark) {
        return new CheckRequest(mailbox, mark, mark == null ? 0 : mark.uidNext(), false, null);
    }

    static CheckRequest check(@Nullable ImapMark mark) {
        return check("INBOX", mark);
    }

    /** The request of a first check. */
    static ImapObservation baseline(ImapSession session) {
        return session.observe(check(null));
    }

    static ImapMark mark(ImapObservation seen) {
        return new ImapMark(seen.uidValidity(), seen.uidNext(), seen.total(), seen.topUid());
    }

    /** A mailbox as the daemon keeps it between checks. */
    static final class TrackedMailbox {
        private final String mailbox;
        private ImapState state = ImapState.UNSEEN;
        private @Nullable Instant lastCheckedAt;

        TrackedMailbox(String mailbox) {
            this.mailbox = mailbox;
        }

        Change check(ImapSession session) {
            return check(session, false);
        }

        Change check(ImapSession session, boolean exhaustive) {
            Instant now = Instant.now();
            CheckRequest request =
                    new CheckRequest(
                            mailbox,
                            state.mark(),
                            state.searchFrom(null),
                            exhaustive,
                            lastCheckedAt);
            Change change = state.after(session.observe(request), null, ImapKit::none);
            state = (ImapState) change.next();
            lastCheckedAt = now;
            return change;
        }

        ImapMark mark() {
            return Objects.requireNonNull(state.mark());
        }
    }

    private static KnownMessages none() {
        throw new AssertionError("IMAP has no known messages");
    }
}
