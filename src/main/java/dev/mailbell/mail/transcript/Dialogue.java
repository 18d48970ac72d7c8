package dev.mailbell.mail.transcript;

import dev.mailbell.mail.transcript.LineCutter.Line;
import dev.mailbell.mail.transcript.TranscriptLine.Speaker;

/**
 * Reads both directions of a connection and decides what of it is shown. What it does not recognise
 * is not shown, so that no secret depends on being recognised.
 */
abstract class Dialogue {
    /** So many octets of a line are shown. */
    private static final int SHOWN = 360;

    /** The same of a line that is not of the protocol. */
    private static final int SHOWN_OF_STRANGE = 80;

    /** So many lines of one list are shown. */
    private static final int LISTED = 20;

    /** Takes what is shown. */
    interface Page {
        /**
         * @param latin1 octets as ISO 8859-1
         */
        void add(Speaker speaker, String latin1);
    }

    private final Page page;
    private final LineCutter sent =
            new LineCutter(
                    new LineCutter.Sink() {
                        @Override
                        public void line(Line line) {
                            endList();
                            clientLine(line);
                        }

                        @Override
                        public void literal(long octets) {
                            clientLiteral(octets);
                        }
                    });
    private final LineCutter received =
            new LineCutter(
                    new LineCutter.Sink() {
                        @Override
                        public void line(Line line) {
                            serverLine(line);
                        }

                        @Override
                        public void literal(long octets) {
                            serverLiteral(octets);
                        }
                    });
    private int listed;
    private long unlisted;

    Dialogue(Page page) {
        this.page = page;
    }

    final void sent(byte[] octets, int offset, int count) {
        sent.accept(octets, offset, count);
    }

    final void received(byte[] octets, int offset, int count) {
        received.accept(octets, offset, count);
    }

    /** A new connection, or TLS over the present one: nothing said before counts. */
    final void restart() {
        sent.restart();
        received.restart();
        endList();
        restarted();
    }

    /** Shows what is held back: the beginning of a line without end, a number of lines. */
    final void end() {
        sent.restart();
        received.restart();
        endList();
    }

    abstract void restarted();

    abstract void clientLine(Line line);

    abstract void clientLiteral(long octets);

    abstract void serverLine(Line line);

    abstract void serverLiteral(long octets);

    final LineCutter sent() {
        return sent;
    }

    final LineCutter received() {
        return received;
    }

    final void client(String text) {
        page.add(Speaker.CLIENT, text);
    }

    final void server(String text) {
        endList();
        page.add(Speaker.SERVER, text);
    }

    /** A line of a list, of which only the first lines are shown. */
    final void listed(String text) {
        if (listed < LISTED) {
            listed++;
            page.add(Speaker.SERVER, text);
        } else {
            unlisted++;
        }
    }

    private void endList() {
        if (unlisted > 0) {
            page.add(Speaker.SERVER, "[" + unlisted + " more lines]");
        }
        listed = 0;
        unlisted = 0;
    }

    /** The line as it is; what is too long is counted. */
    static String whole(Line line) {
        return beginning(line, SHOWN);
    }

    /** The beginning of a line that is not of the protocol, and may be of a message. */
    static String strange(Line line) {
        return beginning(line, SHOWN_OF_STRANGE);
    }

    private static String beginning(Line line, int most) {
        if (line.length() <= most) {
            return line.text();
        }
        int end = most;
        while (end > 0 && isWithinCharacter(line.text().charAt(end))) {
            end--;
        }
        return line.text().substring(0, end) + " " + hidden(line.length() - end);
    }

    /** Whether an octet continues a character of UTF-8. */
    private static boolean isWithinCharacter(char octet) {
        return (octet & 0xc0) == 0x80;
    }

    static String hidden(long octets) {
        return "[" + octets + " octets not shown]";
    }
}
