package dev.mailbell.delivery.log;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * HTTP status codes of answers, as {@code 503}, {@code 5xx}, or {@code none}: there was no answer.
 *
 * @param from the lowest; 0 for none
 */
public record AnswerCode(int from, int to) {
    private static final AnswerCode NONE = new AnswerCode(0, 0);
    private static final Pattern ONE = Pattern.compile("[1-5][0-9][0-9]");
    private static final Pattern CLASS = Pattern.compile("[1-5]xx");

    public static Optional<AnswerCode> parse(String text) {
        if (text.equals("none")) {
            return Optional.of(NONE);
        }
        if (ONE.matcher(text).matches()) {
            int code = Integer.parseInt(text);
            return Optional.of(new AnswerCode(code, code));
        }
        if (CLASS.matcher(text).matches()) {
            int first = (text.charAt(0) - '0') * 100;
            return Optional.of(new AnswerCode(first, first + 99));
        }
        return Optional.empty();
    }

    /** Whether the latest attempt of a delivery had such an answer. */
    boolean matches(LoggedDelivery delivery) {
        Integer code = delivery.lastStatus();
        if (equals(NONE)) {
            return code == null && delivery.attempts() > 0;
        }
        return code != null && code >= from && code <= to;
    }
}
