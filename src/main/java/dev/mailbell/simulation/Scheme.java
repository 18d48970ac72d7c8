package dev.mailbell.simulation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A way of counting that keeps little: what one would write first. */
abstract sealed class Scheme {
    /** What every POP3 session says besides: greeting, CAPA, USER, PASS, QUIT and their answers. */
    private static final int SESSION = 120;

    private static final int STAT = 6 + 18;

    int count;
    @Nullable String top;

    /** How many messages it takes for new. */
    abstract int look(List<Maildrop.Message> messages);

    /** What it reads and writes for a look, without what the session costs anyway. */
    abstract int bytes(List<Maildrop.Message> messages);

    /** The same; it has seen the maildrop now. */
    final int follow(List<Maildrop.Message> messages) {
        int result = look(messages);
        count = messages.size();
        top = messages.isEmpty() ? null : messages.getLast().uid();
        return result;
    }

    final int cost(List<Maildrop.Message> messages) {
        return SESSION + bytes(messages);
    }

    private static int uidl(List<Maildrop.Message> messages) {
        int bytes = 6 + 5 + 3;
        for (int i = 0; i < messages.size(); i++) {
            bytes += Integer.toString(i + 1).length() + 1 + messages.get(i).uid().length() + 2;
        }
        return bytes;
    }

    /** Keep the highest number: what lies above it is new. */
    static final class MaxId extends Scheme {
        @Override
        int look(List<Maildrop.Message> messages) {
            return Math.max(0, messages.size() - count);
        }

        @Override
        int bytes(List<Maildrop.Message> messages) {
            return STAT;
        }
    }

    /**
     * Keep the UID of the highest number: what lies above that message is new; when it is gone,
     * nothing is.
     */
    static final class MaxIdUid extends Scheme {
        @Override
        int look(List<Maildrop.Message> messages) {
            for (int i = messages.size() - 1; i >= 0; i--) {
                if (messages.get(i).uid().equals(top)) {
                    return messages.size() - 1 - i;
                }
            }
            return 0;
        }

        @Override
        int bytes(List<Maildrop.Message> messages) {
            return STAT + uidl(messages);
        }
    }

    /** Keep both: by the UID where it is still there, else by the number. */
    static final class Both extends Scheme {
        @Override
        int look(List<Maildrop.Message> messages) {
            for (int i = messages.size() - 1; i >= 0; i--) {
                if (messages.get(i).uid().equals(top)) {
                    return messages.size() - 1 - i;
                }
            }
            return Math.max(0, messages.size() - count);
        }

        @Override
        int bytes(List<Maildrop.Message> messages) {
            return STAT + uidl(messages);
        }
    }
}
