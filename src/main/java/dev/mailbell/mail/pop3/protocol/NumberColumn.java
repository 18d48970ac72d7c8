package dev.mailbell.mail.pop3.protocol;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A value for each message number of a listing, 12 bytes a message. It grows with the lines that
 * arrive, not with the number that a server announces.
 */
public final class NumberColumn {
    private int[] numbers = new int[64];
    private long[] values = new long[64];
    private int size;

    public void add(int number, long value) {
        if (size == numbers.length) {
            numbers = Arrays.copyOf(numbers, size * 2);
            values = Arrays.copyOf(values, size * 2);
        }
        numbers[size] = number;
        values[size++] = value;
    }

    public int size() {
        return size;
    }

    /** The message numbers, ascending; call {@link #sort()} first. */
    public int[] numbers() {
        return Arrays.copyOf(numbers, size);
    }

    public long[] values() {
        return Arrays.copyOf(values, size);
    }

    public boolean sameNumbers(NumberColumn other) {
        return Arrays.equals(numbers, 0, size, other.numbers, 0, other.size);
    }

    public boolean isSameAs(NumberColumn other) {
        return sameNumbers(other) && Arrays.equals(values, 0, size, other.values, 0, other.size);
    }

    /** Whether the numbers of the other column begin with these. */
    public boolean startsAs(NumberColumn other) {
        return size <= other.size && Arrays.equals(numbers, 0, size, other.numbers, 0, size);
    }

    /**
     * Sorts the lines by number; nearly every server sends them in this order. A repeated line
     * counts once.
     *
     * @return false if a number occurs twice with different values
     */
    public boolean sort() {
        if (!IntStream.range(1, size).allMatch(i -> numbers[i - 1] < numbers[i])) {
            long[] order = new long[size];
            for (int i = 0; i < size; i++) {
                order[i] = (long) numbers[i] << Integer.SIZE | i;
            }
            Arrays.sort(order);
            int[] oldNumbers = numbers();
            long[] oldValues = values();
            for (int i = 0; i < size; i++) {
                numbers[i] = oldNumbers[(int) order[i]];
                values[i] = oldValues[(int) order[i]];
            }
        }
        return withoutRepeats();
    }

    private boolean withoutRepeats() {
        int kept = Math.min(size, 1);
        for (int i = 1; i < size; i++) {
            if (numbers[i] != numbers[kept - 1]) {
                numbers[kept] = numbers[i];
                values[kept++] = values[i];
            } else if (values[i] != values[kept - 1]) {
                return false;
            }
        }
        size = kept;
        return true;
    }

    /** The value of a number; {@code otherwise} if it has none. Call {@link #sort()} first. */
    public long valueOf(int number, long otherwise) {
        int index = Arrays.binarySearch(numbers, 0, size, number);
        return index < 0 ? otherwise : values[index];
    }
}
