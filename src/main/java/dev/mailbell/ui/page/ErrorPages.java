package dev.mailbell.ui.page;

import dev.mailbell.api.problem.Problem;
import io.javalin.http.Context;

/** Shows the problems of pages to people. */
final class ErrorPages {
    private static final int NOT_FOUND = 404;

    private final Pages pages;

    ErrorPages(Pages pages) {
        this.pages = pages;
    }

    void write(Context context, Problem problem) {
        boolean noSuchPage =
                problem.status() == NOT_FOUND && problem.detail().startsWith("no such path");
        ErrorView model =
                noSuchPage
                        ? new ErrorView(
                                problem.status(),
                                "There is no such page",
                                "The address is mistyped, or what it showed was removed.")
                        : new ErrorView(
                                problem.status(), problem.title(), sentence(problem.detail()));
        pages.show(context, problem.status(), "error", model.title(), model);
    }

    /** Details of problem documents begin with a small letter and end without a full stop. */
    private static String sentence(String detail) {
        if (detail.isEmpty()) {
            return detail;
        }
        int first = detail.codePointAt(0);
        String text =
                Character.toString(Character.toUpperCase(first))
                        + detail.substring(Character.charCount(first));
        return text.endsWith(".") ? text : text + ".";
    }
}
