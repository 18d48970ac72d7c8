package dev.mailbell.mail.pop3.protocol;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A value for each message number, as a listing gives them; it grows with the lines that arrive and
 * not by what a server promises. 12 bytes a message.
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

    /** By message number; call {@link #sort()} first. */
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

    /** Whether the other one has these numbers, and then more. */
    public boolean startsAs(NumberColumn other) {
        return size <= other.size && Arrays.equals(numbers, 0, size, other.numbers, 0, size);
    }

    /**
     * Brings the lines into the order of their numbers, which is how nearly every server sends
     * them. A line that is repeated counts once.
     *
     * @return false when a number stands twice with different values
     */
    public boolean sort() {
        if (!IntStream.range(1, size).allMatch(i -> numbers[i - 1] < numbers[i])) {
            long[] places = new long[size];
            for (int i = 0; i < size; i++) {
                places[i] = (long) numbers[i] << Integer.SIZE | i;
            }
            Arrays.sort(places);
            int[] oldNumbers = numbers();
            long[] oldValues = values();
            for (int i = 0; i < size; i++) {
                numbers[i] = oldNumbers[(int) places[i]];
                values[i] = oldValues[(int) places[i]];
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

    /** The value of a number; {@code otherwise} when it has none. Call {@link #sort()} first. */
    public long valueOf(int number, long otherwise) {
        int place = Arrays.binarySearch(numbers, 0, size, number);
        return place < 0 ? otherwise : values[place];
    }
}
