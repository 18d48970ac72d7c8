package dev.mailbell.mail.imap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapObservation;
import dev.mailbell.detection.ImapState;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Answers with octets changed, lost, repeated and put in: a check ends, in an observation that
 * makes sense or in a failure that has a name. {@code -Dmailbell.fuzz.imap=1000000} for more of it.
 */
@Timeout(3600)
class FuzzTest {
    private static final int ROUNDS = Integer.getInteger("mailbell.fuzz.imap", 300);
    private static final List<String> TOKENS =
            List.of(
                    "{5}\r\n",
                    "{99999999}",
                    "{",
                    "}",
                    "(",
                    ")",
                    "((((((((((((((((((",
                    "\"",
                    "\\",
                    "NIL",
                    "*",
                    "* ",
                    "\r\n",
                    "\n",
                    "\r",
                    "[",
                    "]",
                    "0",
                    "-1",
                    "4294967295",
                    "4294967296",
                    "99999999999999999999",
                    ":",
                    ",",
                    "* BYE ",
                    "* 7 EXISTS\r\n",
                    "* 2 EXPUNGE\r\n",
                    "* SEARCH 9\r\n",
                    "* ESEARCH UID ALL 1:3\r\n",
                    "+ \r\n",
                    "\0",
                    "\u00ff");
    private static final ImapMark MARK = new ImapMark(7, 10, 3, 9);

    @Test
    void whatever_a_server_answers_a_check_ends_well() throws IOException {
        long seed = new Random().nextLong();
        int observed = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Random random = new Random(seed + round);
            try (ServerSocket listening =
                    new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                Thread server = Thread.startVirtualThread(() -> serve(listening, random));
                long start = System.nanoTime();
                if (check(listening.getLocalPort(), random.nextBoolean(), seed + round)) {
                    observed++;
                }
                assertThat(Duration.ofNanos(System.nanoTime() - start))
                        .as("seed %d", seed + round)
                        .isLessThan(Duration.ofSeconds(60));
                server.interrupt();
            }
        }
        assertThat(observed).as("seed %d: checks that ended in an observation", seed).isPositive();
    }

    /** Returns whether the check ended in an observation. */
    private static boolean check(int port, boolean modern, long seed) {
        Instant lastCheckedAt = modern ? Instant.parse("2026-11-20T00:00:00Z") : null;
        try (ImapSession session =
                ImapKit.sessions()
                        .open(ImapKit.login(port), Deadline.after(Duration.ofSeconds(5)))) {
            ImapObservation seen =
                    session.observe(new CheckRequest("INBOX", MARK, 8, !modern, lastCheckedAt));
            assertThat(seen.found().size()).isLessThanOrEqualTo(Math.max(seen.total(), 20));
            // Makes a mark, which checks its ranges.
            new ImapState(MARK, null, null)
                    .after(
                            seen,
                            null,
                            () -> {
                                throw new AssertionError();
                            });
            session.envelopes(List.of(8L, 9L, 10L));
            session.mailboxes();
            return true;
        } catch (MailFailure named) {
            assertThat(named.reason()).isNotBlank().hasSizeLessThan(700);
            return false;
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private static void serve(ServerSocket listening, Random random) {
        try (Socket socket = listening.accept()) {
            // Who waits for more, and shall not get it, is hung up on.
            socket.setSoTimeout(30);
            socket.setTcpNoDelay(true);
            int fuzzed = random.nextInt(9);
            answer(socket, "* OK [CAPABILITY IMAP4rev1] hi\r\n", fuzzed == 0, random);
            String command;
            for (int i = 1; (command = line(socket.getInputStream())) != null; i++) {
                answer(socket, answer(command), i >= fuzzed, random);
            }
        } catch (IOException gone) {
            // The client hung up, or waits in vain.
            return;
        }
    }

    private static @Nullable String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int octet; (octet = in.read()) >= 0; ) {
            if (octet == '\n') {
                return line.toString().strip();
            }
            line.append((char) octet);
        }
        return null;
    }

    private static String answer(String line) {
        String[] words = line.split(" ", 2);
        String command = words.length > 1 ? words[1] : "";
        String untagged =
                command.startsWith("STATUS")
                        ? "* STATUS \"INBOX\" (MESSAGES 5 UIDNEXT 12 UIDVALIDITY 7)\r\n"
                        : command.startsWith("EXAMINE")
                                ? "* 5 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 12] x\r\n"
                                : command.startsWith("UID SEARCH RETURN")
                                        ? "* ESEARCH (TAG \"A1\") UID ALL 8:11 COUNT 4\r\n"
                                        : command.startsWith("UID SEARCH")
                                                ? "* SEARCH 8 9 10 11\r\n"
                                                : command.startsWith("FETCH 5")
                                                        ? "* 5 FETCH (UID 11)\r\n"
                                                        : fetchOrList(command);
        return untagged
                + words[0]
                + (command.startsWith("LOGIN")
                        ? " OK [CAPABILITY IMAP4rev1 ESEARCH UNSELECT] in\r\n"
                        : " OK done\r\n");
    }

    private static String fetchOrList(String command) {
        if (command.startsWith("LIST")) {
            return "* LIST (\\Noselect) \"/\" {3}\r\na b\r\n* LIST () NIL \"&VUaLr0,hYG8-\"\r\n";
        }
        if (command.contains("INTERNALDATE")) {
            return "* 4 FETCH (UID 8 INTERNALDATE \"20-Nov-2026 13:00:01 +0100\")\r\n";
        }
        if (command.toUpperCase(Locale.ROOT).contains("ENVELOPE")) {
            return "* 4 FETCH (UID 8 ENVELOPE (\"Fri, 20 Nov 2026 10:00:00 +0000\" {7}\r\n"
                    + "subject ((\"=?utf-8?q?J=C3=BC?=\" NIL \"a\" \"b.c\")) NIL NIL NIL NIL NIL NIL"
                    + " \"<x@y>\"))\r\n";
        }
        return "";
    }

    private static void answer(Socket socket, String text, boolean fuzz, Random random)
            throws IOException {
        byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
        for (int i = fuzz ? 1 + random.nextInt(3) : 0; i > 0; i--) {
            octets = mutated(octets, random);
        }
        socket.getOutputStream().write(octets);
    }

    private static byte[] mutated(byte[] octets, Random random) {
        int at = random.nextInt(octets.length + 1);
        int to = Math.min(octets.length, at + 1 + random.nextInt(8));
        ByteArrayOutputStream result = new ByteArrayOutputStream();
        result.write(octets, 0, at);
        switch (random.nextInt(4)) {
            case 0 -> result.write(random.nextInt(256));
            case 1 -> {
                byte[] token =
                        TOKENS.get(random.nextInt(TOKENS.size()))
                                .getBytes(StandardCharsets.ISO_8859_1);
                result.writeBytes(token);
                to = at;
            }
            case 2 -> {
                result.write(octets, at, to - at);
                result.write(octets, at, to - at);
            }
            default -> {
                // Lost.
            }
        }
        result.write(octets, to, octets.length - to);
        return result.toByteArray();
    }
}
