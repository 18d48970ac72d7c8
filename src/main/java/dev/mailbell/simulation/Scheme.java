package dev.mailbell.simulation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A simple method of counting that keeps little state. */
abstract sealed class Scheme {
    /** The bytes of every POP3 session: greeting, CAPA, USER, PASS, QUIT and their answers. */
    private static final int SESSION = 120;

    private static final int STAT = 6 + 18;

    int count;
    @Nullable String top;

    /** How many messages the method counts as new. */
    abstract int check(List<Maildrop.Message> messages);

    /** The bytes of a check without those of every session. */
    abstract int bytes(List<Maildrop.Message> messages);

    /** Counts new messages and updates the state. */
    final int follow(List<Maildrop.Message> messages) {
        int result = check(messages);
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

    /** Keeps the highest number: messages above it are new. */
    static final class MaxId extends Scheme {
        @Override
        int check(List<Maildrop.Message> messages) {
            return Math.max(0, messages.size() - count);
        }

        @Override
        int bytes(List<Maildrop.Message> messages) {
            return STAT;
        }
    }

    /**
     * Keeps the UID of the highest number: messages after that one are new; if it is gone, none
     * are.
     */
    static final class MaxIdUid extends Scheme {
        @Override
        int check(List<Maildrop.Message> messages) {
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

    /** Keeps both: counts by the UID if it is still present, else by the number. */
    static final class Both extends Scheme {
        @Override
        int check(List<Maildrop.Message> messages) {
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
