package dev.mailbell.bench;

/**
 * One measured value.
 *
 * @param target as words, empty for none
 */
record Figure(String name, double value, String unit, String target) {
    static Figure of(String name, double value, String unit) {
        return new Figure(name, value, unit, "");
    }

    Figure target(String words) {
        return new Figure(name, value, unit, words);
    }
}
