package dev.mailbell.bench.sim;

import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * One session of an IMAP server that does harm; the kind follows from its number. The long answers
 * are made once, so that they cost the server next to nothing.
 */
public final class HostileHandler extends LineHandler {
    private static final int KINDS = 16;
    private static final int MEGABYTE = 1_000_000;
    private static final String CAPABILITIES = "CAPABILITY IMAP4rev1 IDLE ESEARCH UNSELECT";
    private static final byte[] GARBAGE = garbage(4 * MEGABYTE);
    private static final byte[] LONG_LINE = octets("* OK " + "x".repeat(4 * MEGABYTE));
    private static final byte[] NESTED = octets("* STATUS INBOX " + "(".repeat(500_000) + "\r\n");
    private static final byte[] RESPONSES = octets("* 1 FETCH (UID 1)\r\n".repeat(100_000));

    private final int kind;
    private int commands;

    public HostileHandler(int number) {
        kind = Math.floorMod(number, KINDS);
    }

    @Override
    void greet() {
        switch (kind) {
            case 0 -> {
                // Sends nothing, not even a greeting.
            }
            case 1 -> {
                say("* BYE not today\r\n");
                leave();
            }
            case 2 -> leave();
            case 3 -> sayLong(GARBAGE);
            case 4 -> sayLong(LONG_LINE);
            default -> say("* OK [" + CAPABILITIES + "] ready\r\n");
        }
    }

    private static byte[] garbage(int octets) {
        byte[] all = new byte[octets];
        new Random(octets).nextBytes(all);
        return all;
    }

    private static byte[] octets(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    void line(String line) {
        commands++;
        String tag = line.split(" ", 2)[0];
        boolean login = line.contains("LOGIN") || line.contains("CAPABILITY");
        switch (kind) {
            case 5 -> {
                // Greets and answers no command.
            }
            case 6 -> say(tag + " BAD no\r\n");
            case 7 -> say("x" + tag + " OK another's tag\r\n");
            case 8 -> say("* OK {2147483000}\r\n");
            case 9 -> {
                if (login) {
                    say(ok(tag));
                } else {
                    sayLong(NESTED);
                }
            }
            case 10 -> {
                if (!login) {
                    sayLong(RESPONSES);
                }
                say(ok(tag));
            }
            case 11 ->
                    say(
                            login
                                    ? ok(tag)
                                    : "* ESEARCH (TAG \"%s\") UID ALL 1:4294967295\r\n"
                                                    .formatted(tag)
                                            + ok(tag));
            case 12 -> mailbox(tag, line, 1, 1 + commands, 1);
            case 13 -> mailbox(tag, line, commands, 5, 5);
            case 14 -> mailbox(tag, line, 7, 4_294_967_295L, 2_147_483_647);
            default -> mailbox(tag, line, 7, 10 + commands, 9 + commands);
        }
    }

    private void mailbox(String tag, String line, long validity, long next, int exists) {
        if (line.contains("IDLE")) {
            say("+ idling\r\n* " + (exists + 1) + " EXISTS\r\n");
            return;
        }
        if (line.contains("STATUS")) {
            say(
                    "* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY %d)\r\n"
                            .formatted(exists, next, validity));
        } else if (line.contains("EXAMINE")) {
            say(
                    "* %d EXISTS\r\n* OK [UIDVALIDITY %d]\r\n* OK [UIDNEXT %d]\r\n"
                            .formatted(exists, validity, next));
        } else if (line.contains("SEARCH")) {
            say(
                    "* ESEARCH (TAG \"%s\") UID ALL %d\r\n* %d EXISTS\r\n"
                            .formatted(tag, next - 1, exists));
        }
        say(ok(line.equalsIgnoreCase("DONE") ? "a" : tag));
    }

    private static String ok(String tag) {
        return tag + " OK done\r\n";
    }

    @Override
    void gone() {
        // The end of a connection needs no action.
    }
}
