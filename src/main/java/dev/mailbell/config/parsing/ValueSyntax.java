package dev.mailbell.config.parsing;

import java.time.Duration;

/** The texts that stand for values, and their limits. The message of a fault says what is right. */
final class ValueSyntax {
    private ValueSyntax() {}

    static int integer(String text, int min, int max) {
        int value;
        try {
            value = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("must be a whole number, is \"" + text + "\"", e);
        }
        return within(value >= min && value <= max, value, min, max, text);
    }

    static double decimal(String text, double min, double max) {
        double value;
        try {
            value = Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("must be a number, is \"" + text + "\"", e);
        }
        return within(value >= min && value <= max, value, min, max, text);
    }

    static boolean bool(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default ->
                    throw new IllegalArgumentException(
                            "must be true or false, is \"" + text + "\"");
        };
    }

    static Duration duration(String text, Duration min, Duration max) {
        Duration value = Durations.parse(text);
        return within(
                value.compareTo(min) >= 0 && value.compareTo(max) <= 0,
                value,
                Durations.print(min),
                Durations.print(max),
                Durations.print(value));
    }

    private static <T> T within(boolean isWithin, T value, Object min, Object max, String shown) {
        if (!isWithin) {
            throw new IllegalArgumentException("must be " + min + " to " + max + ", is " + shown);
        }
        return value;
    }
}
