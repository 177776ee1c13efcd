package adminapi

// MediaProblem is the media type of every error: problem details by RFC 9457.
const MediaProblem = "application/problem+json"

// Problem is an error as a client sees it.
type Problem struct {
	Title  string         `json:"title"            doc:"The status in words."`
	Status int            `json:"status"           doc:"The HTTP status."`
	Detail string         `json:"detail"           doc:"What is wrong and what to do about it."`
	Errors []ProblemField `json:"errors,omitempty" doc:"What is wrong with the request, place by place." nullable:"false"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// ProblemField is one fault of a request. It never repeats the value that was sent.
type ProblemField struct {
	Location string `json:"location,omitempty" doc:"Where: such as body.name, query.limit or path.tenant_id."`
	Message  string `json:"message"`
}
