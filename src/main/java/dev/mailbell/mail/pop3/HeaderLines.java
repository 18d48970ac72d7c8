package dev.mailbell.mail.pop3;

import dev.mailbell.mail.pop3.protocol.Pop3Wire;

/**
 * Reads the lines of a header in the answer to {@code TOP n 0}. Servers that ignore the 0 send
 * lines of the body too, which are read and dropped, and some omit the final dot.
 */
final class HeaderLines {
    private HeaderLines() {}

    /** Consumes one line of a header, without its line end. */
    @FunctionalInterface
    interface Line {
        void accept(byte[] octets, int start, int length);
    }

    /**
     * Reads an answer after its status line.
     *
     * @return whether the answer had its final dot
     */
    static boolean read(Pop3Wire wire, Line line) {
        boolean body = false;
        while (!body || wire.hasLine() || !wire.isQuietFor(wire.silences().dot())) {
            if (!wire.nextLine(false)) {
                return true;
            }
            if (body && wire.isStatus()) {
                wire.unread();
                return false;
            }
            body |= wire.length() == 0;
            if (!body) {
                line.accept(wire.array(), wire.start(), wire.length());
            }
        }
        return false;
    }
}
