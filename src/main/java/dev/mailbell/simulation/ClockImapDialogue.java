package dev.mailbell.simulation;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A session of an IMAP server that derives UIDVALIDITY from its clock at each EXAMINE and STATUS,
 * and numbers UIDs anew: message number 3 has the UID 3.
 */
final class ClockImapDialogue implements SimulatedServer.Dialogue {
    private static final String CAPABILITIES = "IMAP4rev1 ESEARCH UNSELECT LITERAL+";

    private final Maildrop maildrop;
    private final AtomicLong clock;
    private List<Maildrop.Message> opened = List.of();

    /**
     * @param clock gives each answer another UIDVALIDITY
     */
    ClockImapDialogue(Maildrop maildrop, AtomicLong clock) {
        this.maildrop = maildrop;
        this.clock = clock;
    }

    @Override
    public String greeting() {
        return "* OK [CAPABILITY " + CAPABILITIES + "] ready\r\n";
    }

    @Override
    public boolean isLast(String line) {
        return line.toUpperCase(Locale.ROOT).endsWith(" LOGOUT");
    }

    @Override
    public String answer(String line) {
        String[] words = line.split(" ", 4);
        String tag = words[0];
        String said =
                switch (words.length < 2 ? "" : words[1].toUpperCase(Locale.ROOT)) {
                    case "CAPABILITY" -> "* CAPABILITY " + CAPABILITIES + "\r\n";
                    case "LOGIN", "NOOP", "UNSELECT" -> "";
                    case "LOGOUT" -> "* BYE\r\n";
                    case "STATUS" -> status();
                    case "EXAMINE" -> examine();
                    case "FETCH" -> fetch(words[2]);
                    default -> null;
                };
        return said == null ? tag + " BAD unknown\r\n" : said + tag + " OK done\r\n";
    }

    private String status() {
        int total = maildrop.size();
        return "* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY %d)\r\n"
                .formatted(total, total + 1, clock.incrementAndGet());
    }

    private String examine() {
        opened = maildrop.messages();
        return "* %d EXISTS\r\n* OK [UIDVALIDITY %d] ok\r\n* OK [UIDNEXT %d] ok\r\n"
                .formatted(opened.size(), clock.incrementAndGet(), opened.size() + 1);
    }

    /** Fetches by number; always sends the attributes that identify a message. */
    private String fetch(String numbers) {
        String[] bounds = numbers.split(":", 2);
        int first = Integer.parseInt(bounds[0]);
        int last =
                bounds.length == 1
                        ? first
                        : bounds[1].equals("*")
                                ? opened.size()
                                : Math.min(opened.size(), Integer.parseInt(bounds[1]));
        StringBuilder lines = new StringBuilder();
        for (int number = first; number <= last; number++) {
            Maildrop.Message message = opened.get(number - 1);
            lines.append(
                    ("* %d FETCH (UID %d INTERNALDATE \"20-Nov-2026 10:00:00 +0000\" RFC822.SIZE %d"
                                    + " BODY[HEADER.FIELDS (MESSAGE-ID DATE)] \"Message-ID:"
                                    + " <%s@simulated>\")\r\n")
                            .formatted(number, number, message.size(), message.uid()));
        }
        return lines.toString();
    }
}
