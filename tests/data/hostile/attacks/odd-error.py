# right, last
done("an error with markup, colours and letters that turn the line round")
Odd = type("<script>grader_hostile()</script>", (Exception,), {})
raise Odd(
    "<img src=x onerror=grader_hostile()> \x1b[2J\x1b]0;grader-hostile\x07 \u202e\u2066 \x00 ]]> --> {{ 7*7 }}"
)
