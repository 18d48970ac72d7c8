package dev.mailbell.ui.overview;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The whole in a glance.
 *
 * @param verdict {@code good} when nothing needs you, otherwise the worst kind of the needs
 * @param sentence the same in words
 * @param operator what only the operator sees; null with the key of a client
 */
public record OverviewView(
        String verdict,
        String sentence,
        List<Need> needs,
        List<Tile> accounts,
        List<Tile> work,
        @Nullable Operator operator) {
    public OverviewView {
        needs = List.copyOf(needs);
        accounts = List.copyOf(accounts);
        work = List.copyOf(work);
    }

    /**
     * A number with its name.
     *
     * @param more beside it; empty for nothing
     * @param kind {@code bad}, {@code warn} or empty
     * @param href where those that it counts are; null for nowhere
     */
    public record Tile(String name, String value, String more, String kind, @Nullable String href) {
        static Tile of(String name, String value) {
            return new Tile(name, value, "", "", null);
        }

        Tile with(String text) {
            return new Tile(name, value, text, kind, href);
        }

        Tile as(String otherKind) {
            return new Tile(name, value, more, otherKind, href);
        }

        Tile at(String path) {
            return new Tile(name, value, more, kind, path);
        }
    }

    /** The numbers of the whole cluster over time. */
    public record Operator(List<Chart> charts) {
        public Operator {
            charts = List.copyOf(charts);
        }
    }
}
