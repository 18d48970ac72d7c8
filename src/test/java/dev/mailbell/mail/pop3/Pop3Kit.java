package dev.mailbell.mail.pop3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.detection.messages.MessageListing;
import dev.mailbell.detection.messages.UidKey;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.pop3.protocol.Silences;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.mail.scripted.TestTls;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Sessions against servers on loopback. */
public final class Pop3Kit {
    public static final String PASSWORD = "s3cret-word";

    /** Only a failing test reaches it. */
    public static final Duration LONG = Duration.ofSeconds(60);

    /**
     * The part of {@link #LONG} after whose silence another command is tried where a test expects
     * silence: ten seconds, because on a busy machine a server that answers may be silent for some,
     * too.
     */
    static final int IMPATIENT = 6;

    private static final Duration SHORT = Duration.ofMillis(300);

    private static final Loopback LOOPBACK = new Loopback();

    /** The dialogue up to the transaction state, with pipelining. */
    public static final String PIPELINED =
            """
            S: +OK ready
            C: CAPA
            S: +OK
            S: TOP
            S: USER
            S: PIPELINING
            S: UIDL
            S: .
            C: USER ann@mail.example
            C: PASS s3cret-word
            S: +OK
            S: +OK
            C: CAPA
            S: +OK
            S: TOP
            S: PIPELINING
            S: UIDL
            S: .
            """;

    /** The dialogue up to the transaction state of a server that only supports RFC 1939. */
    public static final String PLAIN =
            """
            S: +OK
            C: CAPA
            S: -ERR
            C: USER ann@mail.example
            S: +OK
            C: PASS s3cret-word
            S: +OK
            """;

    public static final String GOODBYE = "C: QUIT\nS: +OK\n";

    private Pop3Kit() {}

    public static Pop3Sessions sessions() {
        return new Pop3Sessions(LOOPBACK.connector());
    }

    public static Pop3Sessions sessions(HostProofs hostProofs) {
        return new Pop3Sessions(LOOPBACK.connector(), hostProofs);
    }

    /**
     * Sessions with servers that send each answer in one piece: the rest of an answer that they
     * have not sent after a short time does not come. For the answer to the next command they may
     * take long.
     *
     * @param part the part of the remaining time after which another command is tried
     */
    static Pop3Sessions sessions(
            HostProofs hostProofs, LongSupplier nanoTime, InstantSource clock, int part) {
        return new Pop3Sessions(
                LOOPBACK.connector(),
                hostProofs,
                nanoTime,
                clock,
                new Silences(part, LONG, SHORT, SHORT, SHORT));
    }

    /** Sessions that wait long for the lines of a listing, and for its final dot a short time. */
    static Pop3Sessions awaitingLines() {
        return new Pop3Sessions(
                LOOPBACK.connector(),
                new HostProofs(),
                System::nanoTime,
                InstantSource.system(),
                new Silences(3, LONG, SHORT, SHORT, LONG));
    }

    /** Sessions in which silence of a server for ten seconds makes a check try another command. */
    static Pop3Sessions impatient(HostProofs hostProofs) {
        return sessions(hostProofs, System::nanoTime, InstantSource.system(), IMPATIENT);
    }

    public static Login login(int port, Security security, String user, Credential credential) {
        return new Login(
                Protocol.POP3,
                "127.0.0.1",
                port,
                security,
                user,
                credential,
                true,
                TestTls.caPem());
    }

    public static Login login(int port) {
        return login(port, Security.NONE, "ann@mail.example", new Credential.Password(PASSWORD));
    }

    public static MailSession open(int port) {
        return sessions().open(login(port), Deadline.after(LONG));
    }

    static CheckRequest request(@Nullable Pop3Mark mark, boolean exhaustive) {
        return new CheckRequest("INBOX", mark, 1, exhaustive, null);
    }

    static Pop3Observation check(MailSession session, @Nullable Pop3Mark mark) {
        return (Pop3Observation) session.observe(request(mark, false));
    }

    /** Plays a script for a whole session and returns the result of its use. */
    static <T> T played(String script, Function<MailSession, T> use) {
        try (ScriptedServer server = ScriptedServer.playing(script)) {
            try (MailSession session = open(server.port())) {
                return use.apply(session);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A successful check; the script is that of the whole session except QUIT. */
    static Pop3Observation checked(@Nullable Pop3Mark mark, String script) {
        return played(script + GOODBYE, session -> check(session, mark));
    }

    /** A successful check at a server with pipelining. */
    static Pop3Observation pipelined(@Nullable Pop3Mark mark, String script) {
        return checked(mark, PIPELINED + script);
    }

    /** A failing check; the script leaves open how the client ends the session. */
    public static MailFailure failed(@Nullable Pop3Mark mark, String script) {
        return failed(mark, LONG, script);
    }

    /** A check that a silent server makes fail at its deadline, soon. */
    public static MailFailure timedOut(@Nullable Pop3Mark mark, String script) {
        return ScriptedServer.inTime(time -> failed(mark, time, script));
    }

    /** A failing check that ends by this time. */
    static MailFailure failed(@Nullable Pop3Mark mark, Duration time, String script) {
        try (ScriptedServer server = ScriptedServer.playing(script + "! anything\n")) {
            return catchThrowableOfType(
                    MailFailure.class,
                    () -> {
                        try (MailSession session =
                                sessions().open(login(server.port()), Deadline.after(time))) {
                            check(session, mark);
                        }
                    });
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static long key(String uid) {
        byte[] octets = uid.getBytes(StandardCharsets.ISO_8859_1);
        return new UidKey().of(octets, 0, octets.length);
    }

    /** Checks what is listed: number, UID, size; number, UID, size; … */
    static void assertListed(MessageListing listing, Object... expected) {
        int count = expected.length / 3;
        Object[] actual = new Object[listing.size() * 3];
        Object[] keyed = expected.clone();
        for (int i = 0; i < count; i++) {
            keyed[3 * i + 1] = key((String) expected[3 * i + 1]);
        }
        for (int i = 0; i < listing.size(); i++) {
            actual[3 * i] = listing.numbers()[i];
            actual[3 * i + 1] = listing.keys()[i];
            actual[3 * i + 2] = listing.sizes()[i];
        }
        assertThat(Arrays.asList(actual)).containsExactly(keyed);
    }
}
