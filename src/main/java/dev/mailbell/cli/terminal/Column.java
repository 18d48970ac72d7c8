package dev.mailbell.cli.terminal;

/**
 * A column of a table.
 *
 * @param least the width to which a narrow terminal may cut it; 0 for one that is never cut
 * @param dropped the order in which a narrow terminal leaves columns out, 1 first; 0 for never
 */
public record Column(String title, int least, int dropped) {
    /** One that is shown whole, such as an id. */
    public static Column whole(String title) {
        return new Column(title, 0, 0);
    }

    /** One that may be cut. */
    public static Column text(String title, int least) {
        return new Column(title, least, 0);
    }

    public Column droppedAs(int order) {
        return new Column(title, least, order);
    }
}
