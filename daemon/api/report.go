package api

import (
	"domicile/daemon/auth"
	"domicile/daemon/workspace"
)

func reportRoutes() []Route {
	const tag = "Report"
	return []Route{
		{
			Method: "POST", Path: "/workspaces/{workspace}/reports/detailed", Base: Reports, Name: "detailedReport", Tag: tag,
			Doc:    "Lists finished entries of a stretch of time, with sums. Members see their own, others' as the workspace's settings allow.",
			Action: auth.ReportsView, Body: workspace.ReportInput{}, Answer: workspace.DetailedReport{}, Status: 200, Serve: (*Server).detailedReport,
		},
		{
			Method: "POST", Path: "/workspaces/{workspace}/reports/summary", Base: Reports, Name: "summaryReport", Tag: tag,
			Doc:    "Adds up finished entries of a stretch of time by up to three groups.",
			Action: auth.ReportsView, Body: workspace.ReportInput{}, Answer: workspace.SummaryReport{}, Status: 200, Serve: (*Server).summaryReport,
		},
	}
}

func (s *Server) detailedReport(c *Call) error {
	var in workspace.ReportInput
	if err := c.Decode(&in); err != nil {
		return err
	}
	answer, err := s.Service.Detailed(c.Context(), c.Scope, in)
	if err != nil {
		return err
	}
	return c.JSON(200, answer)
}

func (s *Server) summaryReport(c *Call) error {
	var in workspace.ReportInput
	if err := c.Decode(&in); err != nil {
		return err
	}
	answer, err := s.Service.Summary(c.Context(), c.Scope, in)
	if err != nil {
		return err
	}
	return c.JSON(200, answer)
}
