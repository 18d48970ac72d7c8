package dev.mailbell.mail.imap;

/** Commands of a check with their answers, as parts of a script. */
public final class ImapScripts {
    private ImapScripts() {}

    private static final String HEADERS =
            "C: {tag} FETCH 1:* (UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID"
                    + " DATE)])\n";

    public static String status(int messages, long uidNext, long validity) {
        return "C: {tag} STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\nS: * STATUS INBOX (MESSAGES "
                + messages
                + " UIDNEXT "
                + uidNext
                + " UIDVALIDITY "
                + validity
                + ")\nS: {tag} OK done\n";
    }

    public static String examine(int messages, long uidNext, long validity) {
        return "C: {tag} EXAMINE INBOX\nS: * "
                + messages
                + " EXISTS\nS: * OK [UIDVALIDITY "
                + validity
                + "] ok\n"
                + (uidNext > 0 ? "S: * OK [UIDNEXT " + uidNext + "] ok\n" : "")
                + "S: {tag} OK [READ-ONLY] done\n";
    }

    public static String answered(String command, String... untagged) {
        StringBuilder lines = new StringBuilder("C: {tag} " + command + "\n");
        for (String line : untagged) {
            lines.append("S: ").append(line).append('\n');
        }
        return lines + "S: {tag} OK done\n";
    }

    public static String headers(String... ids) {
        return headersFrom(1, ids);
    }

    public static String headersFrom(int first, String... ids) {
        StringBuilder script = new StringBuilder(HEADERS.replace("1:*", first + ":*"));
        for (int i = 0; i < ids.length; i++) {
            script.append("S: * ")
                    .append(first + i)
                    .append(" FETCH ")
                    .append(header(first + i, ids[i]))
                    .append('\n');
        }
        return script + "S: {tag} OK done\n";
    }

    private static String header(int uid, String id) {
        return "(UID "
                + uid
                + " INTERNALDATE \"20-Nov-2026 13:00:0"
                + uid % 10
                + " +0100\" RFC822.SIZE 2 BODY[HEADER.FIELDS (MESSAGE-ID DATE)] \"Message-ID: <"
                + id
                + ">\")";
    }
}
