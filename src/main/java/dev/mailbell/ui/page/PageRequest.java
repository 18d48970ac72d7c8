package dev.mailbell.ui.page;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Principal;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.Scope;
import dev.mailbell.ui.session.Session;
import dev.mailbell.ui.session.Sessions;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A request for a page, of somebody who is signed in and may see it. */
public final class PageRequest {
    private final Context context;
    private final Pages pages;
    private @Nullable Form form;

    PageRequest(Context context, Pages pages) {
        this.context = context;
        this.pages = pages;
    }

    /** What the server knows of it, for streams and downloads. */
    public Context context() {
        return context;
    }

    /** Who is signed in. */
    public Principal principal() {
        return AccessFilter.principal(context);
    }

    /** The id of the session of the browser. */
    public UUID session() {
        return Sessions.of(context)
                .map(Session::id)
                .orElseThrow(() -> new IllegalStateException("this request has no session"));
    }

    public boolean may(Scope scope) {
        return principal().may(scope);
    }

    public boolean isOperator() {
        return principal().isOperator();
    }

    /** Now, by the clock of the database. */
    public Instant now() {
        return pages.now();
    }

    /** A part of the path. */
    public String path(String name) {
        return context.pathParam(name);
    }

    /**
     * A part of the path that is an id.
     *
     * @throws ProblemException 404 when it is none
     */
    public UUID id(String name) {
        return Uuids.parse(path(name)).orElseThrow(() -> notFound("There is no such thing."));
    }

    /** A parameter of the query that is not empty. */
    public Optional<String> query(String name) {
        return Optional.ofNullable(context.queryParam(name))
                .map(String::strip)
                .filter(text -> !text.isEmpty());
    }

    /** The fields of the form that was sent. */
    public Form form() {
        if (form == null) {
            form = Form.read(context);
        }
        return form;
    }

    /** To be thrown where there is nothing to show. */
    public ProblemException notFound(String text) {
        return new ProblemException(Problem.notFound(text));
    }

    /**
     * Answers with a page.
     *
     * @param template its path below {@code src/main/jte} without {@code .jte}; it has the
     *     parameters {@code page} and {@code model}
     * @param model everything that the page shows
     */
    public void show(String template, String title, Object model) {
        show(200, template, title, model);
    }

    /** The same with another status: 422 for a form that is shown again with its faults. */
    public void show(int status, String template, String title, Object model) {
        pages.show(context, status, template, title, model);
    }

    /** Answers an action: the browser goes on to this path. */
    public void redirect(String path) {
        context.header("Location", path);
        context.status(303);
    }

    /** The same, and the page there says what was done. */
    public void redirect(String path, String notice) {
        pages.notices().set(context, notice);
        redirect(path);
    }
}
