package dev.mailbell.bench.sim;

import java.util.UUID;

/**
 * A delivery as the receiver got it.
 *
 * @param webhook the number in the path
 * @param id {@code webhook-id}
 * @param type the event's type
 * @param account {@code data.accountId}
 * @param newCount 0 where the event has none
 * @param nanoTime when its first octets were read
 */
public record ReceivedDelivery(
        int webhook, String id, String type, UUID account, int newCount, long nanoTime) {
    private static final UUID NO_ACCOUNT = new UUID(0, 0);

    /** Of the body as Mailbell writes it: JSON without blanks. */
    static ReceivedDelivery of(int webhook, String id, String body, long nanoTime) {
        String account = text(body, "\"accountId\":\"");
        return new ReceivedDelivery(
                webhook,
                id,
                text(body, "\"type\":\""),
                account.length() == 36 ? UUID.fromString(account) : NO_ACCOUNT,
                number(body, "\"newCount\":"),
                nanoTime);
    }

    private static String text(String body, String key) {
        int begin = body.indexOf(key);
        int end = begin < 0 ? -1 : body.indexOf('"', begin + key.length());
        return end < 0 ? "" : body.substring(begin + key.length(), end);
    }

    private static int number(String body, String key) {
        int begin = body.indexOf(key);
        if (begin < 0) {
            return 0;
        }
        int end = begin + key.length();
        int number = 0;
        while (end < body.length() && body.charAt(end) >= '0' && body.charAt(end) <= '9') {
            number = number * 10 + body.charAt(end++) - '0';
        }
        return number;
    }
}
